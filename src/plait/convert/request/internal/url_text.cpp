#include "plait/convert/request/internal/url_text.hpp"

#include "plait/base/text/words.hpp"
#include "plait/batch/requests/clear_text_secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace plait::convert::internal {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void append_percent(std::string& out, char c) {
    fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
}

/// `%4F`.
bool is_code_at(std::string_view text, std::size_t at) {
    return text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 && hex_digit(text[at + 2]) >= 0;
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_blank) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_code_at(text, i)) {
            decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            decoded += plus_is_blank && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
        } else {
            append_percent(encoded, c);
        }
    }
    return encoded;
}

std::string with_unsafe_encoded(std::string_view url) {
    url = url.substr(0, url.find('#'));
    std::string encoded;
    for (std::size_t i = 0; i < url.size(); ++i) {
        const auto byte = static_cast<unsigned char>(url[i]);
        const bool is_unsafe =
            byte <= 0x20 || byte >= 0x7f || std::string_view("\"<>\\^`{|}").find(url[i]) != std::string_view::npos;
        if (is_unsafe || (url[i] == '%' && !is_code_at(url, i))) {
            append_percent(encoded, url[i]);
        } else {
            encoded += url[i];
        }
    }
    return encoded;
}

std::vector<std::pair<std::string, std::string>> decoded_pairs(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        pairs.emplace_back(percent_decoded(pair.substr(0, equals), true),
                           percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    return pairs;
}

std::string request_name(std::string_view method, std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    std::string text(url);
    const auto colon = text.find("://");
    const auto begin = colon == std::string::npos ? 0 : colon + 3;
    const auto at = text.substr(0, text.find('/', begin)).rfind('@');
    if (at != std::string::npos && at >= begin) text.erase(begin, at + 1 - begin);
    return fmt::format("{} {}", printable(method), printable(batch::without_tokens(text), 100));
}

UrlText::UrlText(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const auto colon = url.find("://");
    const bool has_scheme = colon != std::string_view::npos && url.find_first_of("/?") > colon;
    scheme_ = has_scheme ? url.substr(0, colon) : "http";
    if (has_scheme) url.remove_prefix(colon + 3);
    std::string_view authority = url.substr(0, url.find_first_of("/?"));
    url.remove_prefix(authority.size());
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        user_ = percent_decoded(authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    authority_ = authority;
    const auto question = std::min(url.find('?'), url.size());
    path_ = url.substr(0, question);
    query_ = url.substr(question);
}

std::string_view UrlText::host() const noexcept {
    const std::string_view all = authority_;
    const auto colon = all.rfind(':');
    const bool has_port = colon != std::string_view::npos && all.find(']', colon) == std::string_view::npos;
    return has_port ? all.substr(0, colon) : all;
}

std::string UrlText::without_user() const {
    std::string text = fmt::format("{}://{}", scheme_, authority_);
    const std::string target = path_ + query_;
    for (std::size_t i = 0; i < target.size(); ++i) {
        const char c = target[i];
        if (c == '{' || c == '}' || c == '\\' || (c == '%' && !is_code_at(target, i))) {
            append_percent(text, c);
        } else {
            text += c;
        }
    }
    return text;
}

std::string UrlText::with_user() const {
    std::string text = without_user();
    if (!user_.empty()) text.insert(text.find("://") + 3, percent_encoded(user_) + "@");
    return text;
}

void UrlText::remove_dot_segments() {
    std::vector<std::string_view> kept;
    std::string_view rest = path_;
    bool ends_in_folder = false;
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the slash
        const std::string_view segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(segment.size());
        ends_in_folder = segment == "." || segment == "..";
        if (segment == ".." && !kept.empty()) kept.pop_back();
        if (!ends_in_folder) kept.push_back(segment);
    }
    std::string path;
    for (const std::string_view segment : kept) path.append("/").append(segment);
    if (ends_in_folder) path += '/';
    path_ = std::move(path);
}

void UrlText::append_query(std::string_view text) {
    if (text.empty()) return;
    query_.append(query_.empty() ? "?" : query_ == "?" || query_.ends_with('&') ? "" : "&").append(text);
}

std::pair<std::string, std::string> UrlText::decoded_pair(std::string_view pair) {
    const auto equals = std::min(pair.find('='), pair.size());
    return {percent_decoded(pair.substr(0, equals), true),
            percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true)};
}

}  // namespace plait::convert::internal
