#include "plait/convert/request/secret_text.hpp"

#include "plait/batch/requests/clear_text_secrets.hpp"
#include "plait/http/message/headers.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace plait::convert {

namespace {

constexpr std::size_t longest_name = 100;

/// Shorter values are words such as `no`.
constexpr std::size_t shortest_value = 4;

constexpr std::string_view blanks = " \t\r\n";

/// In lower case, without separators.
constexpr std::array<std::string_view, 8> whole_names{"pwd", "pass", "pin",       "otp",
                                                      "sig", "sid",  "sessionid", "passcode"};
constexpr std::array<std::string_view, 5> whole_parameters{"key", "code", "auth", "session", "assertion"};
constexpr std::array<std::string_view, 3> whole_headers{"auth", "key", "session"};
constexpr std::array<std::string_view, 18> endings{
    "token",     "authkey",  "applicationkey",  "apikey",       "accesskey", "secretkey",  "privatekey",
    "signature", "password", "passwd",          "passphrase",   "secret",    "credential", "subscriptionkey",
    "jwt",       "cookie",   "clientassertion", "authorization"};

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/// The innermost part of `user[password]`, in lower case and without separators.
std::string plain_name(std::string_view name) {
    while (name.ends_with("[]")) name.remove_suffix(2);
    if (name.ends_with(']')) {
        name.remove_suffix(1);
        name.remove_prefix(name.rfind('[') + 1);
    }
    std::string plain;
    for (const char c : name) {
        if (c != '-' && c != '_' && c != '.' && c != ':') plain += http::to_lower(c);
    }
    return plain;
}

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_secret(std::string_view plain) {
    return is_one_of(plain, whole_names) ||
           std::any_of(endings.begin(), endings.end(),
                       [plain](std::string_view ending) { return plain.ends_with(ending); });
}

/// Looks at one name in a body, and finds its value.
class NamedValue {
  public:
    /// The name is `body.substr(begin, end - begin)`.
    NamedValue(std::string_view body, std::size_t begin, std::size_t end)
        : body_(body), name_(body.substr(begin, end - begin)), begin_(begin), end_(end) {}

    /// More than one is in a list.
    std::vector<std::string_view> values() const {
        std::vector<std::string_view> found;
        std::string_view value = first();
        while (!value.empty()) {
            found.push_back(value);
            value = next(static_cast<std::size_t>(value.data() - body_.data()) + value.size());
        }
        return found;
    }

  private:
    std::string_view first() const {
        if (const std::string_view part = of_part(); !part.empty()) return part;
        const bool is_single = names_secret(name_);
        const bool is_plural = !is_single && name_.ends_with('s') && names_secret(name_.substr(0, name_.size() - 1));
        if (!is_single && !is_plural) return {};
        if (is_tag()) return of_tag();
        std::size_t at = end_;
        while (at < body_.size() && (body_[at] == '\\' || body_[at] == '"' || body_[at] == '\'')) ++at;
        at = std::min(body_.find_first_not_of(blanks, at), body_.size());
        if (at == body_.size() || (body_[at] != ':' && body_[at] != '=')) return {};
        at = std::min(body_.find_first_not_of(blanks, at + 1), body_.size());
        const bool is_list = at < body_.size() && body_[at] == '[';
        if (is_plural && !is_list) return {};  // such as `max_tokens`
        if (is_list) at = std::min(body_.find_first_not_of(blanks, at + 1), body_.size());
        return scalar(at);
    }

    /// The next one of a list, behind one that ends here: `", "` and a text that no colon follows.
    std::string_view next(std::size_t end) const {
        std::size_t at = std::min(body_.find_first_not_of("\\\"'", end), body_.size());
        at = std::min(body_.find_first_not_of(blanks, at), body_.size());
        if (at == body_.size() || body_[at] != ',') return {};
        at = std::min(body_.find_first_not_of(blanks, at + 1), body_.size());
        if (at == body_.size() || (body_[at] != '"' && body_[at] != '\\')) return {};
        const std::string_view value = scalar(at);
        const auto behind = static_cast<std::size_t>(value.data() - body_.data()) + value.size();
        const auto mark = value.empty() ? value.npos : body_.find_first_not_of("\\\"' \t\r\n", behind);
        return mark == std::string_view::npos || body_[mark] == ':' ? std::string_view() : value;
    }

    /// `name="password"`, the end of the head of a part, and the value.
    std::string_view of_part() const {
        constexpr std::string_view before = "name=\"";
        if (begin_ < before.size() || body_.substr(begin_ - before.size(), before.size()) != before) return {};
        const auto quote = body_.find('"', end_);
        if (quote == std::string_view::npos || !names_secret_parameter(body_.substr(begin_, quote - begin_))) return {};
        const auto line = body_.find('\n', quote);
        const auto head = std::min(body_.find("\n\n", quote), body_.find("\r\n\r\n", quote));
        if (line == std::string_view::npos || head == std::string_view::npos) return {};
        const auto value = body_.find_first_not_of("\r\n", head);
        if (value == std::string_view::npos || body_.substr(value).starts_with("--")) return {};
        auto end = std::min(body_.find("\n--", value), body_.size());
        if (end > value && body_[end - 1] == '\r') --end;
        return long_enough(value, end);
    }

    /// Whether `<` stands before the name, perhaps with a prefix such as `x:`.
    bool is_tag() const {
        std::size_t begin = begin_;
        if (begin > 1 && body_[begin - 1] == ':') {
            --begin;
            while (begin > 0 && begin_ - begin < longest_name && is_name_character(body_[begin - 1])) --begin;
        }
        return begin > 0 && body_[begin - 1] == '<';
    }

    /// `<password>...<`, perhaps with attributes.
    std::string_view of_tag() const {
        const auto close = body_.find('>', end_);
        if (close == std::string_view::npos || body_[close - 1] == '/') return {};
        return long_enough(close + 1, std::min(body_.find('<', close), body_.size()));
    }

    std::string_view scalar(std::size_t at) const {
        std::size_t value = at;
        while (value < body_.size() && body_[value] == '\\') ++value;
        const std::size_t escapes = value - at;
        if (value < body_.size() && (body_[value] == '"' || body_[value] == '\'')) return quoted(value, escapes);
        const auto end = std::min(body_.find_first_of(" \t\r\n,;&<>\"'()[]{}\\", at), body_.size());
        const std::string_view text = body_.substr(at, end - at);
        constexpr std::array<std::string_view, 3> words{"null", "true", "false"};
        return is_one_of(text, words) ? std::string_view() : long_enough(at, end);
    }

    /// Up to the next quote that has as many backslashes before it.
    std::string_view quoted(std::size_t quote, std::size_t escapes) const {
        std::size_t backslashes = 0;
        for (std::size_t i = quote + 1; i < body_.size(); ++i) {
            if (body_[i] == '\\') {
                ++backslashes;
                continue;
            }
            const bool is_end = escapes == 0 ? backslashes % 2 == 0 : backslashes == escapes;
            if (body_[i] == body_[quote] && is_end) return long_enough(quote + 1, i - escapes);
            backslashes = 0;
        }
        return long_enough(quote + 1, body_.size());
    }

    std::string_view long_enough(std::size_t begin, std::size_t end) const {
        const std::string_view text = body_.substr(begin, std::max(begin, end) - begin);
        const bool is_template = text.find("{{") != std::string_view::npos;
        return text.size() < shortest_value || is_template ? std::string_view() : text;
    }

    std::string_view body_;
    std::string_view name_;
    std::size_t begin_;
    std::size_t end_;
};

/// Adds the tokens of a well-known shape in `text`.
void add_tokens(std::string_view text, std::vector<std::string_view>& found) {
    for (std::size_t from = 0;;) {
        const std::string_view token = batch::find_secret_text(text, from);
        if (token.empty()) return;
        found.push_back(token);
        from = static_cast<std::size_t>(token.data() - text.data()) + token.size();
    }
}

}  // namespace

bool names_secret(std::string_view name) { return batch::is_secret_name(name) || is_secret(plain_name(name)); }

bool names_secret_parameter(std::string_view name) {
    return names_secret(name) || is_one_of(plain_name(name), whole_parameters);
}

bool names_secret_header(std::string_view name) {
    std::string_view plain = name;
    if (plain.starts_with("X-") || plain.starts_with("x-")) plain.remove_prefix(2);
    return batch::is_secret_header(name) || names_secret(plain) || is_one_of(plain_name(plain), whole_headers);
}

std::vector<std::string_view> find_secrets(std::string_view body) {
    std::vector<std::string_view> found;
    std::size_t told_to = 0;
    for (std::size_t begin = 0; begin < body.size();) {
        std::size_t end = begin;
        while (end < body.size() && is_name_character(body[end])) ++end;
        if (end - begin > 0 && end - begin <= longest_name) {
            for (const std::string_view value : NamedValue(body, begin, end).values()) {
                const auto at = static_cast<std::size_t>(value.data() - body.data());
                add_tokens(body.substr(told_to, at - told_to), found);
                found.push_back(value);
                end = told_to = at + value.size();
            }
        }
        begin = std::max(end, begin + 1);
    }
    add_tokens(body.substr(told_to), found);
    return found;
}

}  // namespace plait::convert
