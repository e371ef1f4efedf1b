#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/limit/limit_headers.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace plait::mock::internal {

using CalendarTime = std::chrono::system_clock::time_point;

/// Writes the end of `wait`, which starts at `now`, in this form.
std::string reset_text(Duration wait, CalendarTime now, ResetForm form, Rounding rounding);

/// Writes `time` as in header fields (RFC 9110, section 5.6.7), with this word for the zone.
std::string http_date(std::chrono::sys_seconds time, std::string_view zone = "GMT");

/// Writes `duration` as `6m0s`, `1h0m0s`, `1.5s` or `120ms`, rounded up to the millisecond, and from a minute on to the
/// second.
std::string duration_text(Duration duration);

}  // namespace plait::mock::internal
