#include "plait/http/cookies/cookie_text.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>

namespace plait::http {

namespace {

constexpr std::string_view head =
    "# Netscape HTTP Cookie File\n"
    "# Written by plait. Whoever can read it can use the cookies.\n\n";
constexpr std::string_view http_only_mark = "#HttpOnly_";
constexpr std::size_t field_count = 7;

std::string_view in_words(bool value) { return value ? "TRUE" : "FALSE"; }

std::int64_t seconds_of(WallTime time) {
    return std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count();
}

/// The fields of a line; nothing if they are not seven. Where the last one is empty, its tab may be missing.
std::optional<std::array<std::string_view, field_count>> fields_of(std::string_view line) {
    std::array<std::string_view, field_count> fields;
    std::size_t count = 0;
    for (; count < field_count; ++count) {
        const std::size_t size = std::min(line.find('\t'), line.size());
        fields[count] = line.substr(0, size);
        if (size == line.size()) break;
        line.remove_prefix(size + 1);
    }
    if (count < field_count - 2 || count == field_count) return std::nullopt;
    return fields;
}

std::optional<Cookie> parse_line(std::string_view line) {
    Cookie cookie;
    cookie.http_only = line.starts_with(http_only_mark);
    if (cookie.http_only) line.remove_prefix(http_only_mark.size());
    const auto fields = fields_of(line);
    if (!fields) return std::nullopt;
    const auto [domain, below, path, secure, expires, name, value] = *fields;
    const auto is_word = [](std::string_view word) {
        return equal_ignoring_case(word, "TRUE") || equal_ignoring_case(word, "FALSE");
    };
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (error != std::errc() || end != expires.data() + expires.size() || !is_word(below) || !is_word(secure))
        return std::nullopt;
    cookie.domain = lower(domain.starts_with('.') ? domain.substr(1) : domain);
    cookie.host_only = !equal_ignoring_case(below, "TRUE");
    cookie.path = path.starts_with('/') ? path : std::string_view("/");
    cookie.secure = equal_ignoring_case(secure, "TRUE");
    constexpr std::int64_t year_2200 = 7'258'118'400;  // no WallTime is much later
    if (seconds != 0) cookie.expires = WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, year_2200)));
    cookie.name = name;
    cookie.value = value;
    if (cookie.domain.empty() || (cookie.name.empty() && cookie.value.empty())) return std::nullopt;
    return cookie;
}

}  // namespace

std::string to_netscape(const CookieJar& jar) {
    std::string text(head);
    for (const Cookie& cookie : jar.all()) {
        fmt::format_to(std::back_inserter(text), "{}{}{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                       cookie.http_only ? http_only_mark : "", cookie.host_only ? "" : ".", cookie.domain,
                       in_words(!cookie.host_only), cookie.path, in_words(cookie.secure),
                       cookie.expires ? seconds_of(*cookie.expires) : 0, cookie.name, cookie.value);
    }
    return text;
}

void read_netscape(std::string_view text, CookieJar& jar) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t size = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool is_comment = line.starts_with('#') && !line.starts_with(http_only_mark);
        if (is_comment || line.find_first_not_of(" \t") == std::string_view::npos) continue;
        std::optional<Cookie> cookie = parse_line(line);
        // Without its content, which is a secret.
        if (!cookie) {
            throw_bad_input(
                fmt::format("line {} is no cookie: write domain, TRUE or FALSE, path, TRUE or FALSE, expiry in "
                            "seconds, name and value, with tabs between",
                            number));
        }
        jar.put(std::move(*cookie));
    }
}

}  // namespace plait::http
