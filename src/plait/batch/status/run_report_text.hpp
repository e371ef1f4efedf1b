#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/calendar.hpp"
#include "plait/batch/status/run_report.hpp"

#include <string>
#include <string_view>

namespace plait::batch {

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
