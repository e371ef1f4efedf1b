#include "plait/batch/status/calendar.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace plait::batch {

namespace {

std::time_t whole_seconds(WallTime time) {
    return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace

std::tm local_calendar(WallTime time) {
    const std::time_t at = whole_seconds(time);
    std::tm date{};
    ::localtime_r(&at, &date);
    return date;
}

std::tm utc_calendar(WallTime time) {
    const std::time_t at = whole_seconds(time);
    std::tm date{};
    ::gmtime_r(&at, &date);
    return date;
}

std::string time_in_words(WallTime time, WallTime now, Calendar calendar) {
    const std::tm date = calendar(time);
    const std::tm today = calendar(now);
    const bool is_today = date.tm_year == today.tm_year && date.tm_yday == today.tm_yday;
    return is_today ? fmt::format("{:%H:%M:%S}", date) : fmt::format("{:%Y-%m-%d %H:%M:%S}", date);
}

}  // namespace plait::batch
