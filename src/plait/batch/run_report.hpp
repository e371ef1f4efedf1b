#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call_end.hpp"
#include "plait/policy/adaptive_limit_state.hpp"
#include "plait/policy/pace.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/server_limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The same moment by both clocks: what turns times of a run into dates.
struct ClockPair {
    TimePoint steady{};
    WallTime wall{};

    /// The date of a time of the run. The end of time stays the end of time.
    WallTime date_of(TimePoint time) const noexcept;
};

/// Why nothing of a group leaves, and until when.
class ReportedWait {
  public:
    ReportedWait() noexcept {}
    ReportedWait(const policy::WaitReason& reason, const ClockPair& clocks);

    std::string limit;        ///< such as `requests=500/m`; empty when there is none to name
    std::string learnt_from;  ///< a header, or `refusals`; empty when the limit was given
    WallTime until{};

    friend bool operator==(const ReportedWait&, const ReportedWait&) = default;
};

/// What a server said of one of its limits, as it is known now.
class ReportedQuota {
  public:
    ReportedQuota() noexcept {}
    ReportedQuota(const policy::LimitNotice& notice, const ClockPair& clocks);

    std::string unit;
    std::string learnt_from;          ///< a header
    std::optional<double> limit;      ///< how much is allowed in a window
    std::optional<double> remaining;  ///< how much is left
    std::optional<Duration> window;
    std::optional<WallTime> reset_at;  ///< when more is allowed

    friend bool operator==(const ReportedQuota&, const ReportedQuota&) = default;
};

/// The last change of how many calls may be in flight.
class ReportedChange {
  public:
    ReportedChange() noexcept {}
    explicit ReportedChange(const policy::LimitChange& change)
        : from(change.from), to(change.to), why(in_words(change)) {}

    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::string why;  ///< such as `latency rose from 20 ms to 61 ms`

    friend bool operator==(const ReportedChange&, const ReportedChange&) = default;
};

/// How the calls of one group stand.
class GroupReport {
  public:
    GroupReport() noexcept {}
    explicit GroupReport(std::string_view name_) : name(name_) {}

    std::string name;
    std::uint64_t in_flight = 0;    ///< attempts that are on their way
    std::uint64_t concurrency = 0;  ///< calls that may be in flight; 0: not known
    bool concurrency_finds_itself = false;
    std::optional<ReportedChange> concurrency_change;  ///< the last
    std::uint64_t waiting = 0;                         ///< calls that wait for their turn or to be tried again
    std::optional<ReportedWait> waits_for;             ///< why the first of them waits
    std::optional<ReportedWait> parked;                ///< asked to wait for longer than the run does
    std::optional<WallTime> circuit_open_since;        ///< since when its server can't be reached
    std::optional<policy::RateLimit> learnt_pace;      ///< from refusals
    std::vector<ReportedQuota> quotas;

    /// Takes over what a pace knows: who waits and why, whether the group is parked, what was learnt.
    void take(const policy::Pace& pace, const ClockPair& clocks);

    friend bool operator==(const GroupReport&, const GroupReport&) = default;
};

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
