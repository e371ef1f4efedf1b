#pragma once

#include "plait/base/clock.hpp"

#include <optional>
#include <string_view>

namespace plait::http {

/// Parses a date such as `2026-11-23T22:10:00Z`, with fractions of a second and an offset from UTC (RFC 3339). Returns
/// nothing when it is none.
std::optional<WallTime> parse_internet_date(std::string_view text);

/// A date in whatever form a server wrote it.
struct ParsedDate {
    WallTime time{};       ///< in UTC when the date has no zone
    Duration grain{};      ///< the unit of its last part: a second, a minute, or a fraction of a second
    bool has_zone = true;  ///< without one it may be the local time of any place
};

/// Parses a date in one of the three forms of HTTP (RFC 9110, section 5.6.7), as `parse_internet_date` does, or nearly
/// so: with `UTC` or an offset instead of `GMT`, without a zone or with an unknown one, without seconds, with a day of
/// one digit, or as JavaScript, Ruby and `date` print it (`Sun Nov 06 1994 08:49:37 GMT+0000 (Coordinated Universal
/// Time)`). A year of two digits is less than 50 years after `now`. Returns nothing when it is not a date.
std::optional<ParsedDate> parse_date(std::string_view text, WallTime now);

}  // namespace plait::http
