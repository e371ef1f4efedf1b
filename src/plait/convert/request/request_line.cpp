#include "plait/convert/request/request_line.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/request_secrets.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/convert/request/secret_text.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::convert {

namespace {

using Pair = std::pair<std::string, std::string>;
using Pairs = std::vector<Pair>;

/// They belong to a connection, or follow from the URL and the body.
constexpr std::array<std::string_view, 8> dropped_headers{
    "content-length", "connection", "proxy-connection", "keep-alive", "expect", "transfer-encoding", "host", "te"};

/// Schemes of Authorization whose value holds for one request only.
constexpr std::array<std::string_view, 6> signature_schemes{"digest", "aws4-hmac-sha256", "oauth", "hawk",
                                                            "ntlm",   "negotiate"};

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
    return std::any_of(words.begin(), words.end(),
                       [text](std::string_view word) { return http::equal_ignoring_case(text, word); });
}

constexpr std::string_view basic_form = "$(printf %s 'USER:PASSWORD' | base64 -w0)";

/// Writes one request line.
class LineWriter {
  public:
    LineWriter(const Request& request, const std::vector<std::string>& given, SecretNames& secrets,
               std::string_view where)
        : request_(request),
          url_(request.url),
          secrets_(request, given, secrets, std::string(url_.host()), std::string(where)) {}

    std::string write() {
        if (!request_.id.empty()) field("custom_id", request_.id);
        field("method", request_.method);
        const Pairs params = take_secret_parameters();
        field("url", url_.without_user());
        if (!params.empty()) pairs("params", params);
        const Pairs headers = safe_headers();
        if (!headers.empty()) pairs("headers", headers);
        write_body();
        if (request_.timeout_s) name("timeout_s") += fmt::format("{}", *request_.timeout_s);
        secrets_.refuse_remaining(line_);
        return "{" + line_ + "}";
    }

  private:
    std::string& name(std::string_view field_name) {
        line_.append(line_.empty() ? "\"" : ",\"").append(field_name).append("\":");
        return line_;
    }

    void field(std::string_view field_name, std::string_view text) { json::append_string(name(field_name), text); }

    /// Pairs with the same name become a list, where the first stood.
    void pairs(std::string_view field_name, const Pairs& all) {
        std::string& out = name(field_name) += '{';
        for (auto pair = all.begin(); pair != all.end(); ++pair) {
            const auto has_name = [&pair](const Pair& each) {
                return http::equal_ignoring_case(each.first, pair->first);
            };
            if (std::any_of(all.begin(), pair, has_name)) continue;
            if (out.back() != '{') out += ',';
            json::append_string(out, pair->first);
            const bool is_list = std::count_if(pair, all.end(), has_name) > 1;
            out += is_list ? ":[" : ":";
            json::append_string(out, pair->second);
            for (auto next = std::next(pair); is_list && next != all.end(); ++next) {
                if (!has_name(*next)) continue;
                json::append_string(out += ',', next->second);
            }
            if (is_list) out += ']';
        }
        out += '}';
    }

    Pairs take_secret_parameters() {
        return url_.take_parameters([this](const std::string& parameter, std::string& value) {
            if (secrets_.has_given_reference(value)) return true;
            const std::string what = fmt::format("\"{}\" in the query", printable(parameter));
            const std::string safe = secrets_.safe_field(parameter, value, what);
            const bool is_changed = safe != value;
            value = safe;
            return is_changed;
        });
    }

    Pairs safe_headers() {
        Pairs safe;
        for (const auto& [header, value] : request_.headers) {
            if (header.starts_with(':')) continue;  // HTTP/2 has the parts of the request line there
            const bool is_other_host = http::equal_ignoring_case(header, "host") && value != url_.authority();
            if (is_one_of(header, dropped_headers) && !is_other_host) continue;
            secrets_.refuse_foreign_reference(value, fmt::format("its header {}", printable(header)));
            safe.emplace_back(header, secrets_.has_given_reference(value) ? value : safe_value(header, value));
        }
        if (!url_.user().empty() && !request_.header("Authorization")) {
            std::string encoded;
            append_base64(encoded, url_.user());
            safe.emplace_back("Authorization",
                              "Basic " + secrets_.reference("BASIC", encoded, "user and password", basic_form));
        }
        return safe;
    }

    std::string safe_value(const std::string& header, const std::string& value) {
        const std::string what = fmt::format("the header {}", printable(header));
        if (http::equal_ignoring_case(header, "authorization") ||
            http::equal_ignoring_case(header, "proxy-authorization"))
            return safe_authorization(value, what);
        const std::string_view role = header.starts_with("X-") || header.starts_with("x-")
                                          ? std::string_view(header).substr(2)
                                          : std::string_view(header);
        constexpr std::array<std::string_view, 3> schemes{"bearer", "basic", "token"};
        const auto blank = value.find(' ');
        if (blank != std::string::npos && is_one_of(std::string_view(value).substr(0, blank), schemes))
            return safe_authorization(value, what);
        if (names_secret_header(header)) return value.empty() ? value : secrets_.reference(role, value, what);
        return secrets_.without_secrets(value, role, what);
    }

    /// The scheme stays readable.
    std::string safe_authorization(const std::string& value, const std::string& what) {
        const auto blank = value.find(' ');
        const std::string scheme = value.substr(0, blank);
        if (is_one_of(scheme, signature_schemes)) {
            throw_bad_input(fmt::format("its Authorization is {}, which is computed anew for each request", scheme));
        }
        if (blank == std::string::npos) return value.empty() ? value : secrets_.reference("AUTHORIZATION", value, what);
        const bool is_basic = http::equal_ignoring_case(scheme, "basic");
        const std::string secret = value.substr(blank + 1);
        return scheme + " " +
               secrets_.reference(is_basic ? "BASIC" : "TOKEN", secret, fmt::format("{}, after {},", what, scheme),
                                  is_basic ? basic_form : std::string_view());
    }

    void write_body() {
        if (!request_.body_file.empty()) field("body_file", request_.body_file);
        if (!request_.parts.empty()) write_parts();
        if (!request_.body) return;
        const std::string& body = *request_.body;
        const bool has_foreign = !secrets_.foreign_reference(body).empty();
        if (has_foreign && secrets_.has_given_reference(body))
            secrets_.refuse_foreign_reference(body, "its body, which has a secret as well,");
        if (has_foreign || !json::is_utf8(body)) {
            if (secrets_.are_in(body))
                throw_bad_input(has_foreign ? "its body has both a secret and a text that plait run takes for a name"
                                            : "its body has a secret, and is not UTF-8");
            std::string encoded;
            append_base64(encoded, body);
            return field("body_base64", encoded);
        }
        const std::string* type = request_.header("Content-Type");
        if (type && type->starts_with("application/x-www-form-urlencoded") && write_form(body)) return;
        const std::string safe = secrets_.without_secrets(body, "SECRET", "the body");
        if (type && type->find("json") != std::string::npos && is_plain_json(safe)) {
            name("body") += safe;
        } else {
            field("body", safe);
        }
    }

    /// Whether it can stand in the line as it is, and is sent as it stands.
    static bool is_plain_json(std::string_view text) {
        constexpr std::string_view blanks = " \t\r\n";
        if (text.empty() || (text[0] != '{' && text[0] != '[') || blanks.find(text.back()) != std::string_view::npos)
            return false;
        return text.find_first_of("\r\n") == std::string_view::npos && json::LoneValue().assign(text);
    }

    /// Writes a form that holds a secret: as the field `form`, which encodes the secret, if that makes the same bytes.
    /// Returns whether there is a secret.
    bool write_form(std::string_view body) {
        Pairs all = internal::decoded_pairs(body);
        if (std::none_of(all.begin(), all.end(),
                         [this](const Pair& each) { return secrets_.has_secret(each.first, each.second); }))
            return false;
        std::string again;
        for (const auto& [parameter, value] : in_line_order(all)) append_form_pair(again, parameter, value);
        if (again != body) {
            field("body", form_without_secrets(body));
            return true;
        }
        for (auto& [parameter, value] : all) value = secrets_.safe_field(parameter, value, in_form(parameter));
        pairs("form", all);
        return true;
    }

    static std::string in_form(std::string_view parameter) {
        return fmt::format("\"{}\" in the form", printable(parameter));
    }

    /// The form with all but its secrets as it is.
    std::string form_without_secrets(std::string_view body) {
        std::string safe;
        for (std::string_view rest = body; !rest.empty();) {
            const std::string_view pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            const auto equals = std::min(pair.find('='), pair.size());
            const std::string_view name = pair.substr(0, equals),
                                   value = pair.substr(std::min(equals + 1, pair.size()));
            safe.append(safe.empty() ? "" : "&");
            if (secrets_.has_secret(internal::percent_decoded(name, true), internal::percent_decoded(value, true))) {
                safe.append(name).append("=").append(
                    secrets_.reference(name, value, in_form(name) + ", percent-encoded,"));
            } else {
                safe += pair;
            }
        }
        return safe;
    }

    /// The order in which `plait run` sends pairs that `pairs` wrote.
    static Pairs in_line_order(const Pairs& all) {
        Pairs ordered;
        for (const Pair& pair : all) {
            const auto has_name = [&pair](const Pair& each) { return each.first == pair.first; };
            if (std::any_of(ordered.begin(), ordered.end(), has_name)) continue;
            std::copy_if(all.begin(), all.end(), std::back_inserter(ordered), has_name);
        }
        return ordered;
    }

    void write_parts() {
        std::string& out = name("multipart") += '[';
        for (const FormPart& part : request_.parts) {
            if (out.back() != '[') out += ',';
            json::append_string(out += "{\"name\":", part.name);
            const std::pair<std::string_view, std::string> members[] = {
                {"file", part.file}, {"filename", part.filename}, {"type", part.type}};
            if (part.file.empty()) json::append_string(out += ",\"value\":", safe_part(part));
            for (const auto& [member, text] : members) {
                if (text.empty()) continue;
                out.append(",\"").append(member).append("\":");
                json::append_string(out, text);
            }
            out += '}';
        }
        out += ']';
    }

    std::string safe_part(const FormPart& part) {
        const std::string what = in_form(part.name);
        secrets_.refuse_foreign_reference(part.value, what);
        if (!json::is_utf8(part.value)) throw_bad_input(fmt::format("{} is not UTF-8: put it into a file", what));
        return secrets_.safe_field(part.name, part.value, what);
    }

    const Request& request_;
    internal::UrlText url_;
    internal::RequestSecrets secrets_;
    std::string line_;
};

}  // namespace

std::string request_line(const Request& request, const std::vector<std::string>& given_references, SecretNames& secrets,
                         std::string_view where) {
    return LineWriter(request, given_references, secrets, where).write();
}

}  // namespace plait::convert
