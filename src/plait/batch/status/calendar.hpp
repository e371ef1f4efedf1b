#pragma once

#include "plait/base/clock.hpp"

#include <ctime>
#include <string>

namespace plait::batch {

/// Converts a time to year, day, hour in some time zone.
using Calendar = std::tm (*)(WallTime time);
std::tm local_calendar(WallTime time);
std::tm utc_calendar(WallTime time);

/// A time as text: `14:03:07`, with the date if it is not the day of `now`.
std::string time_in_words(WallTime time, WallTime now, Calendar calendar = local_calendar);

}  // namespace plait::batch
