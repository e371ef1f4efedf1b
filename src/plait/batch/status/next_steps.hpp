#pragma once

#include "plait/batch/status/run_report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Says how to resume a run that ended early, such as `repeat the command with a larger --budget to resume`. Empty if
/// it left no request without a result.
std::string how_to_resume(const RunReport& report);

/// Says how to make calls again that are not ok, in a phrase for each kind: `plait retry RESULTS --failed writes ...`.
/// `results` is the name of the results file.
std::vector<std::string> retry_steps(const RunReport& report, std::string_view results);

}  // namespace plait::batch
