#include "plait/http/cookies/internal/cookie_date.hpp"

#include "plait/http/message/headers.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace plait::http::internal {

namespace {

/// What was found of a date.
struct Found {
    std::optional<std::int64_t> seconds_of_day;
    std::optional<int> day;
    std::optional<int> month;
    std::optional<int> year;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_delimiter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x09 || (byte >= 0x20 && byte <= 0x2f) || (byte >= 0x3b && byte <= 0x40) ||
           (byte >= 0x5b && byte <= 0x60) || (byte >= 0x7b && byte <= 0x7e);
}

/// Takes a number of `least` to `most` digits off the front of `text`; no further digit may follow.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
    std::size_t size = 0;
    int number = 0;
    for (; size < text.size() && is_digit(text[size]); ++size) {
        if (size == most) return std::nullopt;
        number = 10 * number + (text[size] - '0');
    }
    if (size < least) return std::nullopt;
    text.remove_prefix(size);
    return number;
}

std::optional<std::int64_t> parse_time(std::string_view token) {
    std::array<int, 3> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0 && !token.starts_with(':')) return std::nullopt;
        if (i > 0) token.remove_prefix(1);
        const auto part = take_number(token, 1, 2);
        if (!part) return std::nullopt;
        parts[i] = *part;
    }
    if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
    return parts[0] * 3600 + parts[1] * 60 + parts[2];
}

std::optional<int> parse_month(std::string_view token) {
    constexpr std::array months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    const auto month = std::find(months.begin(), months.end(), lower(token.substr(0, 3)));
    if (month == months.end()) return std::nullopt;
    return static_cast<int>(month - months.begin()) + 1;
}

/// Lets the token be the first part of the date that it can be and that is still missing.
void take_token(Found& found, std::string_view token) {
    if (!found.seconds_of_day && (found.seconds_of_day = parse_time(token))) return;
    std::string_view rest = token;
    if (!found.day && (found.day = take_number(rest, 1, 2))) return;
    if (!found.month && (found.month = parse_month(token))) return;
    rest = token;
    if (!found.year) found.year = take_number(rest, 2, 4);
}

}  // namespace

std::optional<std::int64_t> parse_cookie_date(std::string_view text) {
    Found found;
    while (!text.empty()) {
        const auto end = std::find_if(text.begin(), text.end(), is_delimiter);
        const auto size = static_cast<std::size_t>(end - text.begin());
        if (size > 0) take_token(found, text.substr(0, size));
        text.remove_prefix(std::min(size + 1, text.size()));
    }
    if (!found.seconds_of_day || !found.day || !found.month || !found.year) return std::nullopt;
    int year = *found.year;
    if (year >= 70 && year <= 99) year += 1900;
    if (year <= 69) year += 2000;
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*found.month)),
                              std::chrono::day(static_cast<unsigned>(*found.day))};
    if (year < 1601 || !date.ok()) return std::nullopt;
    return duration_cast<seconds>(sys_days(date).time_since_epoch()).count() + *found.seconds_of_day;
}

}  // namespace plait::http::internal
