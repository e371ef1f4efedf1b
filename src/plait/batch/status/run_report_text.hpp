#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Turns a time into year, day, hour: where people are.
using Calendar = std::tm (*)(WallTime time);
std::tm local_calendar(WallTime time);
std::tm utc_calendar(WallTime time);

/// When it is, for people: `14:03:07`, and with the date when that is another day than `now`.
std::string time_in_words(WallTime time, WallTime now, Calendar calendar = local_calendar);

/// Why nothing, or little, leaves: one phrase such as `waits for requests=500/m (x-ratelimit-limit) until 14:03:07`,
/// `api.example is parked until 15:00:00` or `api.example has been unreachable since 14:02:11`. Of several groups the
/// busiest that waits; it is named when there are others. Empty when nothing waits.
std::string why_waiting(const RunReport& report, WallTime now, Calendar calendar = local_calendar);

/// How long the rest will take: by the pace of late; where the limits of all groups are known, no faster than these,
/// and while a limit is waited for, as fast as it. Nothing when that can't be known.
std::optional<Duration> time_left(const RunReport& report, WallTime now);

/// When it makes sense to start a run again that ended because of servers that wanted to be asked later.
std::optional<WallTime> come_back_at(const RunReport& report);

/// Whether the process that writes a report still does.
enum class Liveness {
    running,
    ended,
};

/// How the run stands on one line, for logs: `14:00:01  12000/50000  187/s  80 in flight  10 not ok  ends 14:20:11`,
/// and why it waits.
std::string report_line(const RunReport& report, WallTime now, Calendar calendar = local_calendar);

/// The report as JSON on one line, with what follows from it now: whether it runs, why it waits, when it will be done.
std::string report_json(const RunReport& report, Liveness liveness, WallTime now, Calendar calendar = local_calendar);

/// The text of `plait status`: some lines. `results` is what the user calls the results file.
std::string report_text(const RunReport& report, std::string_view results, Liveness liveness, WallTime now,
                        Calendar calendar = local_calendar);

}  // namespace plait::batch
