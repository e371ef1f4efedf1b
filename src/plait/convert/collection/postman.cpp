#include "plait/convert/collection/postman.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/login.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/convert/request/tree.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace plait::convert {

namespace {

/// Percent-encodes what newman encodes in a query and plait does not.
std::string query_encoded(std::string_view text, std::string_view more) {
    std::string encoded;
    for (const char c : text) {
        if (c == '\'' || more.find(c) != std::string_view::npos) {
            encoded += internal::percent_encoded({&c, 1});
        } else {
            encoded += c;
        }
    }
    return encoded;
}

/// Texts of a list or a text, joined: `["api", "example"]` with a dot.
std::string joined(const Tree& parts, char separator) {
    if (parts.is(Tree::Kind::text)) return parts.text();
    std::string text;
    for (const Tree& part : parts.items()) {
        if (&part != &parts.items().front()) text += separator;
        text += part.is(Tree::Kind::object) ? part["value"].text() : part.text();
    }
    return text;
}

/// The value of a setting in a list such as `[{"key": "token", "value": "..."}]`, or in an object (2.0).
std::string setting(const Tree& settings, std::string_view name) {
    if (settings.is(Tree::Kind::object)) return settings[name].text();
    for (const Tree& each : settings.items()) {
        if (each["key"].text() == name) return each["value"].text();
    }
    return {};
}

/// What a folder gives to its requests.
struct Scope {
    std::string name;  ///< with those of the folders around it, and a slash
    const Tree* auth;
    bool sends_all_bodies;
};

/// Makes requests of one collection.
class PostmanReader {
  public:
    PostmanReader(const Input& input, Conversion& conversion)
        : input_(input), conversion_(conversion), variables_(input.variables) {}

    void read() {
        const Tree collection = read_json(input_.text);
        for (const Tree& variable : collection["variable"].items()) {
            if (variable["disabled"].is_true()) continue;
            variables_.set(variable["key"].text(), variable["value"].text());
            if (variable["type"].text() == "secret") variables_.mark_secret(variable["key"].text());
        }
        conversion_.know_secrets(variables_.secret_values());
        note_scripts(collection);
        read_items(collection, {"", &collection["auth"], false});
    }

  private:
    void read_items(const Tree& folder, const Scope& scope) {
        for (const Tree& item : folder["item"].items()) {
            const std::string name = scope.name + item["name"].text();
            const Tree& pruning = item["protocolProfileBehavior"]["disableBodyPruning"];
            Scope inner{name + "/", item["auth"].has_value() ? &item["auth"] : scope.auth,
                        pruning.has_value() ? pruning.is_true() : scope.sends_all_bodies};
            note_scripts(item);
            if (item["item"].is(Tree::Kind::list)) {
                read_items(item, inner);
                continue;
            }
            const std::string where = fmt::format("{}{}", input_.prefix, printable(name));
            conversion_.attempt(where, [&] { conversion_.add(where, to_request(item["request"], inner, name)); });
        }
    }

    void note_scripts(const Tree& item) {
        for (const Tree& event : item["event"].items()) {
            const Tree& code = event["script"]["exec"];
            const bool is_before = event["listen"].text() == "prerequest";
            if (is_before && joined(code, '\n').find_first_not_of(" \t\r\n") != std::string::npos)
                conversion_.advise(
                    fmt::format("{}{} has a script that runs before a request; it was not run", input_.prefix,
                                item["name"].has_value() ? printable(item["name"].text()) : "the collection"));
        }
    }

    std::string expand(const std::string& text) const { return variables_.expand(text); }

    Request to_request(const Tree& from, const Scope& scope, const std::string& name) const {
        if (from.is(Tree::Kind::text)) {
            Request request("GET", whole_url(from.text()));
            request.id = name;
            add_login(request, *scope.auth);
            return request;
        }
        const Tree& url = from["url"];
        Request request(from["method"].has_value() ? from["method"].text() : "GET",
                        url.is(Tree::Kind::text) ? whole_url(url.text()) : url_of(url));
        request.id = name;
        add_headers(request, from["header"]);
        add_login(request, from["auth"].has_value() ? from["auth"] : *scope.auth);
        constexpr std::array<std::string_view, 6> bodiless{"GET", "HEAD", "COPY", "PURGE", "UNLOCK", ""};
        const bool is_pruned = std::find(bodiless.begin(), bodiless.end(), request.method) != bodiless.end();
        if ((!is_pruned || scope.sends_all_bodies) && !from["body"]["disabled"].is_true())
            add_body(request, from["body"]);
        return request;
    }

    std::string whole_url(const std::string& text) const {
        const std::string url = expand(text);
        const auto question = std::min(url.find('?'), url.size());
        return internal::UrlText(url.substr(0, question) + query_encoded(url.substr(question), {})).with_user();
    }

    std::string url_of(const Tree& url) const {
        if (!url["host"].has_value()) return whole_url(url["raw"].text());
        std::string text = url["protocol"].has_value() ? expand(url["protocol"].text()) + "://" : "";
        text += expand(joined(url["host"], '.'));
        if (url["port"].has_value()) text += ":" + expand(url["port"].text());
        std::string path = joined(url["path"], '/');
        if (url["path"].has_value() && !path.starts_with('/')) path.insert(0, "/");
        text += expand(with_path_variables(path, url["variable"]));
        char separator = '?';
        for (const Tree& parameter : url["query"].items()) {
            if (parameter["disabled"].is_true()) continue;
            text += std::exchange(separator, '&');
            text += query_encoded(expand(parameter["key"].text()), "#&=");
            if (parameter["value"].has_value()) text += "=" + query_encoded(expand(parameter["value"].text()), "#&");
        }
        return internal::UrlText(text).with_user();
    }

    /// A segment `:name` becomes the value of that variable of the path, if it has one.
    static std::string with_path_variables(std::string_view path, const Tree& variables) {
        std::string text;
        while (!path.empty()) {
            const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
            path.remove_prefix(std::min(segment.size() + 1, path.size()));
            std::string value;
            if (segment.starts_with(':')) value = setting(variables, segment.substr(1));
            text.append("/").append(value.empty() ? segment : value);
        }
        return text;
    }

    void add_headers(Request& request, const Tree& headers) const {
        if (headers.is(Tree::Kind::text)) {
            const std::string text = expand(headers.text());
            for (const std::string_view line : internal::lines_of(text)) {
                const auto colon = line.find(':');
                if (colon != std::string_view::npos)
                    request.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
            }
        }
        for (const Tree& header : headers.items()) {
            if (header["disabled"].is_true() || header["key"].text().empty()) continue;
            const std::string name = expand(header["key"].text());
            // newman keeps the values of a name, but forgets those of another spelling of it.
            std::erase_if(request.headers, [&name](const auto& each) {
                return each.first != name && http::equal_ignoring_case(each.first, name);
            });
            request.headers.emplace_back(name, expand(header["value"].text()));
        }
    }

    void add_login(Request& request, const Tree& auth) const {
        const std::string& type = auth["type"].text();
        internal::add_login(request, type, [&](std::string_view name) { return expand(setting(auth[type], name)); });
    }

    void add_body(Request& request, const Tree& body) const {
        const std::string& mode = body["mode"].text();
        if (mode == "raw") {
            if (body["raw"].text().empty()) return;
            request.body = expand(body["raw"].text());
            request.add_default_header("Content-Type", type_of(body["options"]["raw"]["language"].text()));
        } else if (mode == "urlencoded") {
            request.body = form_of(body["urlencoded"]);
            request.add_default_header("Content-Type", "application/x-www-form-urlencoded");
        } else if (mode == "graphql") {
            request.body = graphql_of(body["graphql"]);
            request.add_default_header("Content-Type", "application/json");
        } else if (mode == "formdata") {
            for (const Tree& part : body["formdata"].items()) add_part(request, part);
        } else if (mode == "file") {
            const std::string file =
                expand(body["file"].is(Tree::Kind::text) ? body["file"].text() : body["file"]["src"].text());
            if (file.empty()) throw_bad_input("its body is a file without a name");
            request.body_file = input_.beside(file);
            const std::string type = internal::media_type_of(file);
            if (!type.empty()) request.add_default_header("Content-Type", type);
        } else if (!mode.empty()) {
            throw_bad_input(fmt::format("its body has the mode {}", printable(mode)));
        }
    }

    static std::string type_of(std::string_view language) {
        if (language == "html") return "text/html";
        if (language == "json" || language == "xml" || language == "javascript")
            return fmt::format("application/{}", language);
        return "text/plain";
    }

    /// Pairs of one name stand together, as newman sends them.
    std::string form_of(const Tree& fields) const {
        std::vector<std::pair<std::string, std::string>> pairs;
        for (const Tree& field : fields.items()) {
            if (field["disabled"].is_true()) continue;
            const std::string name = expand(field["key"].text());
            const auto same =
                std::find_if(pairs.rbegin(), pairs.rend(), [&](const auto& each) { return each.first == name; });
            pairs.insert(same == pairs.rend() ? pairs.end() : same.base(), {name, expand(field["value"].text())});
        }
        std::string form;
        for (const auto& [name, value] : pairs) {
            form.append(form.empty() ? "" : "&").append(internal::percent_encoded(name));
            form.append("=").append(internal::percent_encoded(value));
        }
        return form;
    }

    std::string graphql_of(const Tree& from) const {
        std::string body = "{\"query\":";
        json::append_string(body, expand(from["query"].text()));
        if (from["operationName"].has_value())
            json::append_string(body += ",\"operationName\":", expand(from["operationName"].text()));
        const std::string variables = expand(from["variables"].text());
        if (variables.find_first_not_of(" \t\r\n") != std::string::npos)
            body.append(",\"variables\":").append(variables);
        return body + "}";
    }

    void add_part(Request& request, const Tree& from) const {
        if (from["disabled"].is_true()) return;
        FormPart part{expand(from["key"].text()), {}};
        part.type = from["contentType"].text();
        if (from["type"].text() != "file") {
            part.value = expand(from["value"].text());
            return request.parts.push_back(std::move(part));
        }
        const Tree& source = from["src"];
        const std::vector<Tree> one{source};
        for (const Tree& file : source.is(Tree::Kind::list) ? source.items() : one) {
            if (file.text().empty())
                throw_bad_input(fmt::format("its form has no file for '{}'", printable(part.name)));
            part.file = input_.beside(expand(file.text()));
            if (from["contentType"].text().empty()) part.type = internal::media_type_of(part.file);
            request.parts.push_back(part);
        }
    }

    const Input& input_;
    Conversion& conversion_;
    Variables variables_;
};

}  // namespace

bool is_postman(const Input& input) {
    return input.text.starts_with('{') &&
           input.text.find("schema.getpostman.com/json/collection/") != std::string::npos;
}

void read_postman(const Input& input, Conversion& conversion) { PostmanReader(input, conversion).read(); }

}  // namespace plait::convert
