#pragma once

#include "plait/base/clock.hpp"

#include <optional>
#include <string_view>

namespace plait::http {

/// Reads a date of a header field in one of its three forms (RFC 9110, section 5.6.7), such as
/// `Sun, 06 Nov 1994 08:49:37 GMT`; nothing when it is none. A year of two digits is taken to be less than 50 years
/// after `now`.
std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

/// Reads a date such as `2026-11-23T22:10:00Z`, with parts of a second and an offset from UTC (RFC 3339); nothing when
/// it is none.
std::optional<WallTime> parse_internet_date(std::string_view text);

/// A date as a server wrote it, in no form in particular.
struct ToldDate {
    WallTime time{};       ///< as UTC, when the date tells no zone
    Duration grain{};      ///< what it leaves out: a second, a minute, or parts of a second
    bool has_zone = true;  ///< false: it may be the time of any place
};

/// Reads a date in one of the forms above, or nearly: with `UTC` or an offset instead of `GMT`, without a zone or with
/// an unknown one, without seconds, with a day of one digit, or as JavaScript, Ruby and `date` print it
/// (`Sun Nov 06 1994 08:49:37 GMT+0000 (Coordinated Universal Time)`). Nothing when it is no date.
std::optional<ToldDate> parse_told_date(std::string_view text, WallTime now);

}  // namespace plait::http
