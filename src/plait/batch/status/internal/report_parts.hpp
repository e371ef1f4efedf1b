#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>

// What the words about a run and the forecast of its end ask of the parts of a report.
namespace plait::batch::internal {

inline std::string amount_in_words(double amount) { return fmt::format("{:.6g}", amount); }

/// Whether a reason is a limit, such as `requests=500/m` or `tokens: 0 of 90k left`, and not a phrase.
inline bool is_limit(const std::string& reason) { return reason.find_first_of("=:") != std::string::npos; }

/// Whether the end of the wait is known. If it depends on a call in flight, `until` is decades ahead.
inline bool is_end_known(const ReportedWait& wait, WallTime now) {
    constexpr Duration longest = std::chrono::hours(24 * 365 * 10);
    return wait.until - now < longest;
}

inline bool is_parked(const GroupReport& group, WallTime now) { return group.parked && group.parked->until > now; }

}  // namespace plait::batch::internal
