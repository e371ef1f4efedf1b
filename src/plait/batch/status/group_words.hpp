#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/calendar.hpp"
#include "plait/batch/status/run_report.hpp"

#include <string>
#include <vector>

namespace plait::batch {

/// Why few or no calls are sent, as a phrase such as `paused`, `waits for requests=500/m (x-ratelimit-limit) until
/// 14:03:07`, `api.example is parked until 15:00:00` or `api.example has been unreachable since 14:02:11`. Of several
/// groups, the busiest that waits, by name. Empty if nothing waits.
std::string why_waiting(const RunReport& report, WallTime now, Calendar calendar = local_calendar);

/// The status of a group in words, as `plait status` prints them.
struct GroupWords {
    std::string limit_change;         ///< such as `lowered from 128: status 503`; empty if its limit is given
    std::string why_waiting;          ///< empty if it does not wait
    std::vector<std::string> limits;  ///< that were learnt, such as `requests=500/m, learnt from x-ratelimit: 3 left`
};
GroupWords group_in_words(const GroupReport& group, WallTime now, Calendar calendar = local_calendar);

}  // namespace plait::batch
