#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/run/group_report.hpp"
#include "plait/policy/rate_limit.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What the run has spent of a unit, with what is reserved for calls in flight.
class ReportedCost {
  public:
    ReportedCost(std::string_view unit_, double spent_, std::optional<double> budget_ = {})
        : unit(unit_), spent(spent_), budget(budget_) {}

    std::string unit;
    double spent;
    std::optional<double> budget;

    friend bool operator==(const ReportedCost&, const ReportedCost&) = default;
};

/// All that one wants to know of a run at a moment. Plain values, so that another process can read them.
class RunReport {
  public:
    /// So many groups are in a report, the busiest.
    static constexpr std::size_t most_groups = 20;

    RunReport() noexcept {}

    WallTime began{};  ///< this run; an earlier one may have done a part
    WallTime last_heard{};
    int pid = 0;

    std::optional<std::uint64_t> total;
    std::uint64_t done = 0;  ///< results, with those of earlier runs
    std::array<std::uint64_t, outcome_count> outcomes{};
    std::uint64_t in_flight = 0;
    std::uint64_t retries = 0;
    double lately_per_second = 0;  ///< results, in the last seconds
    double per_second = 0;         ///< results, since this run began
    std::vector<ReportedCost> costs;
    std::vector<policy::RateLimit> limits;  ///< that were given; each group has its own count of them

    bool has_ended = false;
    std::string stopped;  ///< why it ended before all was done, in a sentence; empty: it did not

    std::vector<GroupReport> groups;  ///< the busiest first
    std::uint64_t group_count = 0;    ///< of all

    std::uint64_t& count(Outcome outcome) noexcept { return outcomes[static_cast<std::size_t>(outcome)]; }
    std::uint64_t count(Outcome outcome) const noexcept { return outcomes[static_cast<std::size_t>(outcome)]; }

    /// Takes all groups over, and keeps the busiest: those with the most calls in flight and waiting, then those that
    /// are parked or can't be reached, then by name.
    void take_groups(std::vector<GroupReport> all);

    friend bool operator==(const RunReport&, const RunReport&) = default;
};

/// The report as a JSON object on one line (docs/formats.md).
std::string to_json(const RunReport& report);

/// Reads what `to_json` wrote. Fields that are unknown or missing are no error, so that versions understand each other;
/// throws `Error(bad_input)` when it is no report at all.
RunReport parse_run_report(std::string_view json);

}  // namespace plait::batch
