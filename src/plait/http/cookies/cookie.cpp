#include "plait/http/cookies/cookie.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/http/cookies/internal/cookie_date.hpp"
#include "plait/http/message/headers.hpp"

#include <arpa/inet.h>
#include <libpsl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace plait::http {

namespace {

constexpr std::size_t largest_cookie = 4096;
constexpr std::size_t largest_attribute = 1024;

/// RFC 6265bis, section 5.5.
constexpr std::chrono::hours longest_life(400 * 24);

/// The tab is permitted there, but no file of cookies could hold it.
bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_address(std::string_view host) {
    if (host.find(':') != std::string_view::npos) return true;
    in_addr address{};
    return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

/// Takes the part of `text` before `separator` off its front, and the separator.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t size = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    return part;
}

/// What the attributes of a cookie say, the last one of each name.
struct Attributes {
    std::optional<WallTime> expires;
    std::optional<WallTime> max_age;  ///< as a time; outranks the other
    std::string domain;
    std::string path;
    bool has_domain = false;
    bool secure = false;
    bool http_only = false;
};

/// The time, at most `longest_life` from now; in seconds, since a year of four digits is beyond any `WallTime`.
WallTime bounded(std::int64_t seconds, WallTime now) {
    const std::int64_t most = std::chrono::floor<std::chrono::seconds>(now + longest_life).time_since_epoch().count();
    return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, most)));
}

std::optional<WallTime> max_age(std::string_view value, WallTime now) {
    const std::string_view digits = value.starts_with('-') ? value.substr(1) : value;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    if (value.starts_with('-')) return WallTime();
    constexpr std::int64_t for_ever = std::chrono::seconds(longest_life).count();
    std::int64_t seconds = for_ever;
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);  // out of range: unchanged
    if (seconds == 0) return WallTime();
    return now + std::chrono::seconds(std::min(seconds, for_ever));
}

void read_attribute(Attributes& attributes, std::string_view text, WallTime now) {
    const std::string_view name = trimmed(take(text, '='));
    std::string_view value = trimmed(text);
    if (value.size() > largest_attribute) return;
    if (equal_ignoring_case(name, "Expires")) {
        if (const auto date = internal::parse_cookie_date(value)) attributes.expires = bounded(*date, now);
    } else if (equal_ignoring_case(name, "Max-Age")) {
        if (const auto age = max_age(value, now)) attributes.max_age = age;
    } else if (equal_ignoring_case(name, "Domain")) {
        if (value.starts_with('.')) value.remove_prefix(1);
        attributes.domain = lower(value);
        attributes.has_domain = true;
    } else if (equal_ignoring_case(name, "Path")) {
        attributes.path = value.starts_with('/') ? value : std::string_view();
    } else if (equal_ignoring_case(name, "Secure")) {
        attributes.secure = true;
    } else if (equal_ignoring_case(name, "HttpOnly")) {
        attributes.http_only = true;
    }
}

/// RFC 6265bis, section 5.1.4.
std::string default_path(const Url& url) {
    const std::string_view path = url.target().substr(0, url.target().find('?'));
    const std::size_t slash = path.rfind('/');
    return std::string(slash == 0 ? std::string_view("/") : path.substr(0, slash));
}

/// Fills in where the cookie is sent. False: it must be ignored.
bool place(Cookie& cookie, const Attributes& attributes, const Url& url) {
    cookie.domain = url.host();
    if (cookie.domain.starts_with('.')) return false;  // no host, and in files a dot in front has a meaning
    cookie.path = attributes.path.empty() ? default_path(url) : attributes.path;
    if (attributes.domain.empty() || attributes.domain == cookie.domain) {
        // A name that is a public suffix may still have cookies of its own.
        const bool is_own = is_address(cookie.domain) || is_public_suffix(cookie.domain);
        cookie.host_only = attributes.domain.empty() || is_own;
        return true;
    }
    if (!domain_matches(cookie.domain, attributes.domain) || is_public_suffix(attributes.domain)) return false;
    cookie.domain = attributes.domain;
    cookie.host_only = false;
    return true;
}

bool has_prefix(std::string_view name, std::string_view prefix) {
    return equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

/// RFC 6265bis, section 5.7, steps 9 and 20 to 22.
bool keeps_promises(const Cookie& cookie, const Attributes& attributes, const Url& url) {
    constexpr std::string_view secure = "__Secure-", host = "__Host-";
    if (cookie.secure && !url.is_https()) return false;
    if (cookie.name.empty() && (has_prefix(cookie.value, secure) || has_prefix(cookie.value, host))) return false;
    if (has_prefix(cookie.name, secure) && !cookie.secure) return false;
    const bool is_of_host = cookie.secure && !attributes.has_domain && attributes.path == "/";
    return !has_prefix(cookie.name, host) || is_of_host;
}

}  // namespace

std::optional<Cookie> parse_set_cookie(std::string_view field, const Url& url, WallTime now) {
    if (has_control_character(field)) return std::nullopt;
    std::string_view pair = take(field, ';');
    Cookie cookie;
    if (pair.find('=') != std::string_view::npos) cookie.name = trimmed(take(pair, '='));
    cookie.value = trimmed(pair);
    if (cookie.name.empty() && cookie.value.empty()) return std::nullopt;
    if (cookie.name.size() + cookie.value.size() > largest_cookie) return std::nullopt;

    Attributes attributes;
    while (!field.empty()) read_attribute(attributes, take(field, ';'), now);
    cookie.secure = attributes.secure;
    cookie.http_only = attributes.http_only;
    cookie.expires = attributes.max_age ? attributes.max_age : attributes.expires;
    if (!place(cookie, attributes, url) || !keeps_promises(cookie, attributes, url)) return std::nullopt;
    return cookie;
}

bool is_public_suffix(const std::string& domain) {
    return ::psl_is_public_suffix(::psl_builtin(), domain.c_str()) != 0;
}

bool domain_matches(std::string_view host, std::string_view domain) {
    if (host == domain) return true;
    return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.' &&
           !is_address(host);
}

bool path_matches(std::string_view target, std::string_view path) {
    target = target.substr(0, target.find('?'));
    if (!target.starts_with(path)) return false;
    return target.size() == path.size() || path.ends_with('/') || target[path.size()] == '/';
}

}  // namespace plait::http
