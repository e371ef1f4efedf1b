#include "plait/batch/requests/internal/token_shapes.hpp"

#include <algorithm>
#include <array>

namespace plait::batch::internal {

namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alphanumeric(char c) noexcept { return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_word(char c) noexcept { return is_alphanumeric(c) || c == '_' || c == '-'; }
constexpr bool is_capital_or_digit(char c) noexcept { return is_digit(c) || is_capital(c); }

constexpr std::size_t any = 1000;

/// How a kind of token starts, and how many characters of which sort follow.
struct Shape {
    std::string_view prefix;
    std::string_view kind;
    std::size_t least;
    std::size_t most;
    bool (*allows)(char) noexcept;
};

constexpr std::string_view slack = "a Slack token", github = "a GitHub token", stripe = "a Stripe key",
                           aws = "an AWS access key";

constexpr std::array shapes{
    Shape{"sk-", "an API key (sk-...)", 20, any, is_word},
    Shape{"sk_live_", stripe, 16, any, is_alphanumeric},
    Shape{"sk_test_", stripe, 16, any, is_alphanumeric},
    Shape{"rk_live_", stripe, 16, any, is_alphanumeric},
    Shape{"ghp_", github, 36, any, is_alphanumeric},
    Shape{"gho_", github, 36, any, is_alphanumeric},
    Shape{"ghu_", github, 36, any, is_alphanumeric},
    Shape{"ghs_", github, 36, any, is_alphanumeric},
    Shape{"ghr_", github, 36, any, is_alphanumeric},
    Shape{"github_pat_", github, 22, any, is_word},
    Shape{"glpat-", "a GitLab token", 20, any, is_word},
    Shape{"xoxb-", slack, 10, any, is_word},
    Shape{"xoxp-", slack, 10, any, is_word},
    Shape{"xoxa-", slack, 10, any, is_word},
    Shape{"xoxr-", slack, 10, any, is_word},
    Shape{"xoxs-", slack, 10, any, is_word},
    Shape{"xapp-", slack, 10, any, is_word},
    Shape{"AKIA", aws, 16, 16, is_capital_or_digit},
    Shape{"ASIA", aws, 16, 16, is_capital_or_digit},
    Shape{"AIza", "a Google API key", 35, 35, is_word},
    Shape{"ya29.", "a Google access token", 20, any, is_word},
    Shape{"hf_", "a Hugging Face token", 30, any, is_alphanumeric},
    Shape{"npm_", "an npm token", 36, 36, is_alphanumeric},
    Shape{"SG.", "a SendGrid key", 22, 22, is_word},
};

constexpr std::string_view jwt_begin = "eyJ";
constexpr std::string_view private_key_begin = "-----BEGIN ";
constexpr std::string_view private_key_end = "PRIVATE KEY-----";

/// The characters with which any of them may start.
constexpr std::array<bool, 256> first_characters = [] {
    std::array<bool, 256> set{};
    for (const Shape& shape : shapes) set[static_cast<unsigned char>(shape.prefix.front())] = true;
    set[static_cast<unsigned char>(jwt_begin.front())] = true;
    set[static_cast<unsigned char>(private_key_begin.front())] = true;
    return set;
}();

template <class Allows>
std::size_t run_length(std::string_view text, std::size_t from, Allows allows) noexcept {
    std::size_t end = from;
    while (end < text.size() && allows(text[end])) ++end;
    return end - from;
}

/// A digit, which words such as sk-learn-and-other-libraries lack.
bool has_digit(std::string_view text) noexcept { return std::any_of(text.begin(), text.end(), is_digit); }

std::optional<Token> shaped_at(std::string_view text, std::size_t at) noexcept {
    for (const Shape& shape : shapes) {
        if (text.compare(at, shape.prefix.size(), shape.prefix) != 0) continue;
        const std::size_t begin = at + shape.prefix.size();
        const std::size_t length = run_length(text, begin, shape.allows);
        const std::size_t end = begin + length;
        const bool is_whole = end == text.size() || !is_word(text[end]);
        if (length < shape.least || length > shape.most || !is_whole || !has_digit(text.substr(begin, length)))
            continue;
        return Token{at, end - at, shape.kind};
    }
    return std::nullopt;
}

/// A JSON Web Token (RFC 7519): a header and claims, both JSON objects in base64url, and a signature.
std::optional<Token> jwt_at(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at;
    for (int part = 0; part < 3; ++part) {
        if (part < 2 && text.compare(end, jwt_begin.size(), jwt_begin) != 0) return std::nullopt;
        const std::size_t length = run_length(text, end, is_word);
        if (length < 8) return std::nullopt;
        end += length;
        if (part < 2 && (end >= text.size() || text[end++] != '.')) return std::nullopt;
    }
    return Token{at, end - at, "a JSON Web Token"};
}

std::optional<Token> private_key_at(std::string_view text, std::size_t at) noexcept {
    constexpr std::size_t longest_name = 40;
    if (text.compare(at, private_key_begin.size(), private_key_begin) != 0) return std::nullopt;
    const auto end = text.substr(at, longest_name).find(private_key_end);
    if (end == std::string_view::npos) return std::nullopt;
    return Token{at, end + private_key_end.size(), "a private key"};
}

}  // namespace

std::optional<Token> find_token(std::string_view text, std::size_t from) noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        if (!first_characters[static_cast<unsigned char>(text[at])]) continue;
        if (auto key = private_key_at(text, at)) return key;
        if (at > 0 && is_word(text[at - 1])) continue;  // the middle of a word
        if (auto token = shaped_at(text, at)) return token;
        if (auto token = jwt_at(text, at)) return token;
    }
    return std::nullopt;
}

}  // namespace plait::batch::internal
