#include "plait/batch/requests/clear_text_secrets.hpp"

#include "plait/base/text/words.hpp"
#include "plait/batch/requests/internal/token_shapes.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace plait::batch {

namespace {

constexpr std::string_view for_secrets = "a value in plain text";

/// Shorter values are words such as `none`.
constexpr std::size_t shortest_value = 4;

/// In lower case, without - and _.
constexpr std::array<std::string_view, 16> secret_names{
    "apikey",   "accesskey", "accesstoken", "authtoken", "refreshtoken", "idtoken",   "token",     "bearertoken",
    "password", "passwd",    "passphrase",  "secret",    "clientsecret", "secretkey", "apisecret", "privatekey",
};

/// Further names of headers, in the same spelling.
constexpr std::array<std::string_view, 6> secret_headers{
    "authorization", "proxyauthorization", "cookie", "privatetoken", "ocpapimsubscriptionkey", "xamzsecuritytoken"};
/// Parts of names of headers for secrets: `X-Api-Key`, `X-Goog-Api-Key`, `X-Auth-Token`.
constexpr std::array<std::string_view, 5> parts_of_secret_headers{"apikey", "authtoken", "accesstoken", "secret",
                                                                  "password"};

/// The name in lower case, without - and _; nothing when it is longer than any of ours.
class PlainName {
  public:
    explicit PlainName(std::string_view name) noexcept {
        for (const char c : name) {
            if (c == '-' || c == '_') continue;
            if (size_ == text_.size()) {
                size_ = 0;
                return;
            }
            text_[size_++] = http::to_lower(c);
        }
    }
    std::string_view text() const noexcept { return {text_.data(), size_}; }

  private:
    std::array<char, 32> text_;
    std::size_t size_ = 0;
};

template <class Names>
bool is_one_of(std::string_view name, const Names& names) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Templates are not expanded here; in a URL they are percent-encoded.
bool is_clear_text(std::string_view value) noexcept {
    return value.size() >= shortest_value && value.find("{{") == std::string_view::npos &&
           value.find("%7B%7B") == std::string_view::npos;
}

std::string_view kind_of(std::string_view value) noexcept {
    const auto token = internal::find_token(value);
    return token ? token->kind : for_secrets;
}

struct Member {
    std::string_view name;
    std::string_view value;  ///< without its quotes
};

/// Returns the member for a secret whose name starts at this quote.
std::optional<Member> member_at(std::string_view body, std::size_t quote) {
    constexpr std::size_t longest_name = 32;
    constexpr std::string_view blanks = " \t\r\n";
    const auto name_end = body.substr(0, quote + 2 + longest_name).find('"', quote + 1);
    if (name_end == std::string_view::npos) return std::nullopt;
    const std::string_view name = body.substr(quote + 1, name_end - quote - 1);
    if (!is_secret_name(name)) return std::nullopt;
    const auto colon = body.find_first_not_of(blanks, name_end + 1);
    if (colon == std::string_view::npos || body[colon] != ':') return std::nullopt;
    const auto value = body.find_first_not_of(blanks, colon + 1);
    if (value == std::string_view::npos || body[value] != '"') return std::nullopt;
    std::size_t end = value + 1;
    while (end < body.size() && body[end] != '"') end += body[end] == '\\' ? 2 : 1;
    end = std::min(end, body.size());
    return Member{name, body.substr(value + 1, end - value - 1)};
}

class Finder {
  public:
    std::vector<ClearTextSecret> find(const http::Request& request) {
        look_at_target(request.url.target());
        for (const http::Header& header : request.headers) look_at_header(header);
        const auto type = request.headers.get("content-type");
        if (type && type->starts_with("application/x-www-form-urlencoded")) {
            look_at_pairs(request.body, "in the form");
        } else {
            look_at_json(request.body);
        }
        return std::move(found_);
    }

  private:
    void add(std::string where, std::string_view kind) {
        ClearTextSecret secret(std::move(where), kind);
        if (std::find(found_.begin(), found_.end(), secret) == found_.end()) found_.push_back(std::move(secret));
    }

    void look_at_target(std::string_view target) {
        const auto query = target.find('?');
        look_for_tokens(target.substr(0, query), "the path of the URL");
        if (query != std::string_view::npos) look_at_pairs(target.substr(query + 1), "in the query");
    }

    /// `a=1&b=2`.
    void look_at_pairs(std::string_view text, std::string_view where) {
        while (!text.empty()) {
            const auto end = std::min(text.find('&'), text.size());
            const std::string_view pair = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            const auto equals = std::min(pair.find('='), pair.size());
            const std::string_view name = pair.substr(0, equals);
            const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
            if (is_secret_name(name) ? is_clear_text(value) : internal::find_token(value).has_value()) {
                add(fmt::format("\"{}\" {}", printable(name), where), kind_of(value));
            }
        }
    }

    void look_at_header(const http::Header& header) {
        const bool is_secret = is_secret_header(header.name) ? is_clear_text(header.value)
                                                             : internal::find_token(header.value).has_value();
        if (is_secret) add(fmt::format("the header {}", printable(header.name)), kind_of(header.value));
    }

    /// Finds a string after the name of a member without parsing the JSON: inside a string, the name would be
    /// `\"name\"`.
    void look_at_json(std::string_view body) {
        std::size_t told_to = 0;
        for (auto quote = body.find('"'); quote != std::string_view::npos; quote = body.find('"', quote + 1)) {
            const auto member = member_at(body, quote);
            if (!member || !is_clear_text(member->value)) continue;
            look_for_tokens(body.substr(told_to, quote - told_to), "the body");
            add(fmt::format("\"{}\" in the body", member->name), kind_of(member->value));
            quote = told_to = static_cast<std::size_t>(member->value.data() - body.data()) + member->value.size();
        }
        look_for_tokens(body.substr(told_to), "the body");
    }

    void look_for_tokens(std::string_view text, std::string_view where) {
        for (auto token = internal::find_token(text); token;
             token = internal::find_token(text, token->begin + token->size)) {
            add(std::string(where), token->kind);
        }
    }

    std::vector<ClearTextSecret> found_;
};

}  // namespace

bool is_secret_name(std::string_view name) noexcept { return is_one_of(PlainName(name).text(), secret_names); }

bool is_secret_header(std::string_view name) noexcept {
    const PlainName plain(name);
    if (is_one_of(plain.text(), secret_headers)) return true;
    return std::any_of(parts_of_secret_headers.begin(), parts_of_secret_headers.end(),
                       [&plain](std::string_view part) { return plain.text().find(part) != std::string_view::npos; });
}

std::vector<ClearTextSecret> find_clear_text_secrets(const http::Request& request) { return Finder().find(request); }

std::string_view find_secret_text(std::string_view body, std::size_t from) {
    const auto token = internal::find_token(body, from);
    const std::size_t limit = token ? token->begin : body.size();
    for (auto quote = body.find('"', from); quote < limit; quote = body.find('"', quote + 1)) {
        const auto member = member_at(body, quote);
        if (member && is_clear_text(member->value)) return member->value;
    }
    return token ? body.substr(token->begin, token->size) : std::string_view();
}

std::string without_tokens(std::string_view text) {
    std::string clean;
    std::size_t told_to = 0;
    for (auto token = internal::find_token(text); token; token = internal::find_token(text, told_to)) {
        clean.append(text.substr(told_to, token->begin - told_to)).append("***");
        told_to = token->begin + token->size;
    }
    return clean.append(text.substr(told_to));
}

}  // namespace plait::batch
