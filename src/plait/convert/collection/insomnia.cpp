#include "plait/convert/collection/insomnia.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/login.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/convert/request/tree.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace plait::convert {

namespace {

/// What encodeURIComponent of JavaScript makes of a character.
std::string script_encoded(char c) {
    if (std::string_view("!'()*").find(c) != std::string_view::npos) return {c};
    return internal::percent_encoded({&c, 1});
}

/// What Insomnia writes for a part of a URL: a code, such as `%4F`, and the characters of `kept` as they stand.
std::string component(std::string_view text, std::string_view kept) {
    std::string encoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_code = text[i] == '%' && internal::percent_decoded(text.substr(i, 3)).size() == 1;
        if (is_code || kept.find(text[i]) != std::string_view::npos) {
            encoded += text[i];
        } else {
            encoded += script_encoded(text[i]);
        }
    }
    return encoded;
}

/// A name or a value of a query, in which Insomnia writes `;` and `:`, and also `+`, as codes.
std::string query_component(std::string_view text) {
    const std::string decoded = internal::percent_decoded(text);
    return component(json::is_utf8(decoded) ? decoded : text, ",");
}

/// A URL as Insomnia sends it, unless the request has `encodeUrl: false`.
std::string encoded_url(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const auto scheme = url.find("://");
    const auto path = std::min(url.find_first_of("/?", scheme == std::string_view::npos ? 0 : scheme + 3), url.size());
    const auto question = std::min(url.find('?'), url.size());
    std::string encoded(url.substr(0, path));
    encoded += component(url.substr(path, question - path), "/:@$+,;=");
    if (question == url.size()) return encoded;
    char separator = '?';
    for (std::string_view rest = url.substr(question + 1); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (equals == 0) continue;  // no name
        (encoded += std::exchange(separator, '&')) += query_component(pair.substr(0, equals));
        if (equals < pair.size()) (encoded += '=') += query_component(pair.substr(equals + 1));
    }
    return encoded;
}

/// Makes requests of one collection.
class InsomniaReader {
  public:
    InsomniaReader(const Input& input, Conversion& conversion)
        : input_(input), conversion_(conversion), variables_(input.variables) {}

    void read() {
        const Tree root = read_yaml(input_.text);
        set_variables("", root["environments"]["data"]);
        conversion_.know_secrets(variables_.secret_values());
        const Tree none;
        read_children(root["collection"], "", none, {});
    }

  private:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    /// An object within another one is named with a dot: `{{ _.server.url }}`.
    void set_variables(const std::string& prefix, const Tree& data) {
        for (std::size_t n = 0; n < data.names().size(); ++n) {
            const Tree& value = data.items()[n];
            const std::string name = prefix + data.names()[n];
            if (value.is(Tree::Kind::object)) {
                set_variables(name + ".", value);
            } else {
                variables_.set(name, value.text());
            }
        }
    }

    /// In the order in which Insomnia shows them.
    static std::vector<const Tree*> sorted(const Tree& list) {
        std::vector<const Tree*> children;
        for (const Tree& child : list.items()) children.push_back(&child);
        const auto key = [](const Tree* child) {
            return std::strtod((*child)["meta"]["sortKey"].text().c_str(), nullptr);
        };
        std::stable_sort(children.begin(), children.end(),
                         [&](const Tree* a, const Tree* b) { return key(a) < key(b); });
        return children;
    }

    void read_children(const Tree& list, const std::string& folder, const Tree& auth, const Headers& headers) {
        for (const Tree* child : sorted(list)) {
            const Tree& item = *child;
            const std::string name = folder + item["name"].text();
            const std::string where = input_.prefix + printable(name);
            if (item["children"].is(Tree::Kind::list)) {
                conversion_.attempt(where, [&] { read_folder(item, name + "/", auth, headers); });
            } else if (item["method"].text().empty()) {
                conversion_.refuse(where, "it is not an HTTP request");
            } else {
                conversion_.attempt(where, [&] { conversion_.add(where, to_request(item, name, auth, headers)); });
            }
            if (item["scripts"]["preRequest"].text().find_first_not_of(" \t\r\n") != std::string::npos)
                conversion_.advise(fmt::format("{} has a script that runs before it; it was not run", where));
        }
    }

    void read_folder(const Tree& item, const std::string& name, const Tree& auth, Headers headers) {
        const Variables outer = variables_;
        set_variables("", item["environment"]);
        conversion_.know_secrets(variables_.secret_values());
        add_headers(headers, item["headers"]);
        read_children(item["children"], name,
                      item["authentication"]["type"].has_value() ? item["authentication"] : auth, headers);
        variables_ = outer;
    }

    std::string expand(const std::string& text) const {
        if (text.find("{%") != std::string::npos) throw_bad_input("it has a tag {% ... %}, which Insomnia computes");
        return variables_.expand(text);
    }

    void add_headers(Headers& headers, const Tree& list) const {
        for (const Tree& header : list.items()) {
            const std::string& name = header["name"].text();
            if (!header["disabled"].is_true() && !name.empty())
                headers.emplace_back(expand(name), expand(header["value"].text()));
        }
    }

    Request to_request(const Tree& item, const std::string& name, const Tree& auth, const Headers& headers) const {
        const Tree& settings = item["settings"];
        const std::string text = expand(url_of(item));
        internal::UrlText url(settings["encodeUrl"].text() == "false" ? text : encoded_url(text));
        if (settings["rebuildPath"].text() != "false") url.remove_dot_segments();
        Request request(item["method"].text(), url.with_user());
        request.id = name;
        request.headers = headers;
        add_headers(request.headers, item["headers"]);
        add_parameters(request, item["parameters"]);
        const Tree& login = item["authentication"]["type"].has_value() ? item["authentication"] : auth;
        if (!login["disabled"].is_true() && request.header("Authorization") == nullptr) {
            internal::add_login(request, login["type"].text(),
                                [&](std::string_view setting) { return expand(login[setting].text()); });
        }
        add_body(request, item["body"]);
        return request;
    }

    /// The URL with its path variables, such as `:id`.
    std::string url_of(const Tree& item) const {
        std::string url = item["url"].text();
        for (const Tree& variable : item["pathParameters"].items()) {
            const std::string segment = "/:" + variable["name"].text();
            const auto at = url.find(segment);
            const auto end = at + segment.size();
            const bool is_whole = at != std::string::npos && (end == url.size() || url[end] == '/' || url[end] == '?');
            std::string encoded;
            for (const char c : expand(variable["value"].text())) encoded += script_encoded(c);
            if (is_whole) url.replace(at + 1, segment.size() - 1, encoded);
        }
        return url;
    }

    void add_parameters(Request& request, const Tree& list) const {
        for (const Tree& parameter : list.items()) {
            const std::string& name = parameter["name"].text();
            if (parameter["disabled"].is_true() || name.empty()) continue;
            internal::append_query(
                request, query_component(expand(name)) + "=" + query_component(expand(parameter["value"].text())));
        }
    }

    void add_body(Request& request, const Tree& body) const {
        // The type is sent only if it stands in a header, too, as the program writes it.
        const std::string& type = body["mimeType"].text();
        if (type == "application/x-www-form-urlencoded") {
            std::string& form = request.body.emplace();
            for (const Tree& field : body["params"].items()) {
                if (!field["disabled"].is_true())
                    append_form_pair(form, expand(field["name"].text()), expand(field["value"].text()));
            }
        } else if (type == "multipart/form-data") {
            for (const Tree& field : body["params"].items()) add_part(request, field);
            return request.remove_header("Content-Type");
        } else if (body["fileName"].has_value()) {
            request.body_file = input_.beside(expand(body["fileName"].text()));
        } else if (!body["text"].text().empty()) {
            request.body = expand(body["text"].text());
        }
    }

    void add_part(Request& request, const Tree& field) const {
        if (field["disabled"].is_true()) return;
        FormPart part{expand(field["name"].text()), {}};
        if (field["type"].text() == "file") {
            part.file = input_.beside(expand(field["fileName"].text()));
            part.type = internal::media_type_of(part.file);
        } else {
            part.value = expand(field["value"].text());
        }
        request.parts.push_back(std::move(part));
    }

    const Input& input_;
    Conversion& conversion_;
    Variables variables_;
};

}  // namespace

bool is_insomnia(const Input& input) {
    const auto lines = internal::lines_of(std::string_view(input.text).substr(0, 4096));
    return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
        return line.starts_with("type:") && line.find("collection.insomnia.rest/5.") != std::string_view::npos;
    });
}

void read_insomnia(const Input& input, Conversion& conversion) { InsomniaReader(input, conversion).read(); }

}  // namespace plait::convert
