#include "plait/mock/limit/internal/reset_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace plait::mock::internal {

namespace {

using namespace std::chrono_literals;

/// Returns the number of whole units in `time`, which may be negative.
std::string count(Duration time, Duration unit, Rounding rounding) {
    if (rounding == Rounding::exact) {
        return fmt::format("{}", static_cast<double>(time.count()) / static_cast<double>(unit.count()));
    }
    if (rounding == Rounding::nearest) time += unit / 2;
    const std::int64_t below = time / unit - (time % unit < Duration::zero() ? 1 : 0);
    const bool is_down = rounding == Rounding::down || rounding == Rounding::nearest;
    return fmt::format("{}", below + (is_down || time % unit == Duration::zero() ? 0 : 1));
}

/// A time split into calendar fields, to the second.
std::chrono::sys_seconds whole_second(CalendarTime time, Rounding rounding) {
    if (rounding == Rounding::down) return std::chrono::floor<std::chrono::seconds>(time);
    if (rounding == Rounding::nearest) return std::chrono::round<std::chrono::seconds>(time);
    return std::chrono::ceil<std::chrono::seconds>(time);
}

/// Returns `time` in the form of RFC 3339, without the zone.
std::string iso_date(std::chrono::sys_seconds time, char between) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{}-{:02}-{:02}{}{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), between,
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string reset_text(Duration wait, CalendarTime now, ResetForm form, Rounding rounding) {
    const CalendarTime end = now + wait;
    switch (form) {
        case ResetForm::seconds:
            return count(wait, 1s, rounding);
        case ResetForm::ms:
            return count(wait, 1ms, rounding);
        case ResetForm::duration:
            return duration_text(wait);
        case ResetForm::date:
            return http_date(whole_second(end, rounding));
        case ResetForm::date_utc:
            return http_date(whole_second(end, rounding), "UTC");
        case ResetForm::iso:
            return iso_date(whole_second(end, rounding), 'T') + "Z";
        case ResetForm::iso_bare:
            return iso_date(whole_second(end, rounding), ' ');
        case ResetForm::epoch:
            return count(end.time_since_epoch(), 1s, rounding);
        case ResetForm::epoch_ms:
            return count(end.time_since_epoch(), 1ms, rounding);
    }
    return {};
}

std::string http_date(std::chrono::sys_seconds time, std::string_view zone) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} {}", days[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count(), zone);
}

std::string duration_text(Duration duration) {
    if (duration < Duration::zero()) return "-" + duration_text(-duration);
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(duration);
    if (milliseconds < 1s && milliseconds > 0ms) return fmt::format("{}ms", milliseconds.count());
    if (milliseconds < 60s) return fmt::format("{}s", static_cast<double>(milliseconds.count()) / 1000);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
    const std::string minutes_text = fmt::format("{}m{}s", seconds / 60 % 60, seconds % 60);
    return seconds < 3600 ? minutes_text : fmt::format("{}h{}", seconds / 3600, minutes_text);
}

}  // namespace plait::mock::internal
