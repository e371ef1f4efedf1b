#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Converts a time to year, day, hour in some time zone.
using Calendar = std::tm (*)(WallTime time);
std::tm local_calendar(WallTime time);
std::tm utc_calendar(WallTime time);

/// A time as text: `14:03:07`, with the date if it is not the day of `now`.
std::string time_in_words(WallTime time, WallTime now, Calendar calendar = local_calendar);

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

/// The time until the end: by the recent rate; if the limits of all groups are known, at most at their rate, and
/// exactly at it while a group waits for one. Nothing if unknown.
std::optional<Duration> time_left(const RunReport& report, WallTime now);

/// When to resume a run that ended because of parked groups.
std::optional<WallTime> come_back_at(const RunReport& report);

/// Whether the process that writes a report is running.
enum class Liveness {
    running,
    ended,
};

/// The report in one line, for logs: `14:00:01  12000/50000  187/s  80 in flight  10 not ok  ends 14:20:11`, followed
/// by why the run waits.
std::string report_line(const RunReport& report, WallTime now, Calendar calendar = local_calendar);

/// The report as JSON in one line, with `is_running`, `why_waiting` and `seconds_left` (docs/formats.md).
std::string report_json(const RunReport& report, Liveness liveness, WallTime now, Calendar calendar = local_calendar);

/// The text of `plait status`. `results` is the name of the results file.
std::string report_text(const RunReport& report, std::string_view results, Liveness liveness, WallTime now,
                        Calendar calendar = local_calendar);

}  // namespace plait::batch
