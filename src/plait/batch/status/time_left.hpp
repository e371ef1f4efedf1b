#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <optional>

namespace plait::batch {

/// The time until the end: by the recent rate; if the limits of all groups are known, at most at their rate, and
/// exactly at it while a group waits for one. Nothing if unknown.
std::optional<Duration> time_left(const RunReport& report, WallTime now);

/// When to resume a run that ended because of parked groups.
std::optional<WallTime> come_back_at(const RunReport& report);

}  // namespace plait::batch
