#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/group/group_report.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The amount spent of a unit, including reservations for calls in flight.
class ReportedCost {
  public:
    ReportedCost(std::string_view unit_, double spent_, std::optional<double> budget_ = {})
        : unit(unit_), spent(spent_), budget(budget_) {}

    std::string unit;
    double spent;
    std::optional<double> budget;

    friend bool operator==(const ReportedCost&, const ReportedCost&) = default;
};

/// A worker on another machine.
class ReportedWorker {
  public:
    ReportedWorker() {}

    std::string host;
    std::string version;
    std::uint64_t slots = 0;  ///< calls that it can make at a time
    std::uint64_t in_flight = 0;
    std::uint64_t calls = 0;  ///< that it was given
    bool is_leaving = false;
    std::optional<WallTime> lost_at;
    std::uint64_t lost_calls = 0;  ///< in flight at that time

    friend bool operator==(const ReportedWorker&, const ReportedWorker&) = default;
};

/// A range of durations, and how many calls took that long.
class ReportedBin {
  public:
    ReportedBin() noexcept {}

    Duration from{};
    Duration up_to{};
    std::uint64_t calls = 0;

    friend bool operator==(const ReportedBin&, const ReportedBin&) = default;
};

/// How long calls took that had an answer, in this run.
class ReportedLatency {
  public:
    ReportedLatency() noexcept {}

    std::uint64_t calls = 0;
    Duration p50{};
    Duration p90{};
    Duration p99{};
    Duration longest{};
    std::vector<ReportedBin> bins;  ///< that are not empty, the shortest first

    friend bool operator==(const ReportedLatency&, const ReportedLatency&) = default;
};

/// A kind of result that is not ok, with the latest example. Secrets are redacted in it.
class ReportedError {
  public:
    ReportedError() noexcept {}

    std::string kind;  ///< the code of the error, such as `timeout`, or the status, such as `status 404`
    std::uint64_t calls = 0;
    std::string custom_id;
    std::uint64_t line = 0;
    std::string request;  ///< method and URL
    std::string message;  ///< of the error, or the beginning of the answer's body
    WallTime at{};

    friend bool operator==(const ReportedError&, const ReportedError&) = default;
};

/// The state of a run at a moment, as plain values that another process can read.
class RunReport {
  public:
    /// A report has the busiest groups, at most this many.
    static constexpr std::size_t most_groups = 20;

    RunReport() noexcept {}

    WallTime began{};  ///< of this run; there may be results of earlier runs
    WallTime last_heard{};
    int pid = 0;

    std::optional<std::uint64_t> total;
    std::uint64_t done = 0;  ///< results, including those of earlier runs
    std::array<std::uint64_t, outcome_count> outcomes{};
    std::uint64_t in_flight = 0;
    std::uint64_t retries = 0;
    std::uint64_t refusals = 0;
    double lately_per_second = 0;  ///< results, recently
    double per_second = 0;         ///< results, since the start of this run
    std::vector<ReportedCost> costs;
    std::vector<policy::RateLimit> limits;  ///< as configured; they apply to each group separately
    std::optional<ReportedLatency> latency;
    std::vector<ReportedError> errors;  ///< of this run, the most frequent kind first
    std::vector<std::string> warnings;  ///< sentences about rules without effect

    bool is_paused = false;
    bool is_stopping = false;  ///< no further call is sent
    std::string page_url;      ///< where a page shows the run, with its token; empty if none does
    bool has_ended = false;
    std::string stopped;             ///< why the run ended early, as a sentence; empty if it did not
    bool is_budget_used_up = false;  ///< whether that was the reason

    std::vector<GroupReport> groups;  ///< the busiest first
    std::uint64_t group_count = 0;    ///< all of them

    /// In the order in which they came. A report has at most `most_workers`.
    std::vector<ReportedWorker> workers;
    static constexpr std::size_t most_workers = 1000;

    std::uint64_t& count(Outcome outcome) noexcept { return outcomes[static_cast<std::size_t>(outcome)]; }
    std::uint64_t count(Outcome outcome) const noexcept { return outcomes[static_cast<std::size_t>(outcome)]; }

    /// Sets `group_count`, and keeps the busiest groups: those with the most calls in flight and waiting, then those
    /// that are parked or unreachable, then by name.
    void take_groups(std::vector<GroupReport> all);

    friend bool operator==(const RunReport&, const RunReport&) = default;
};

/// The report as a JSON object on one line (docs/formats.md).
std::string to_json(const RunReport& report);

/// Reads the output of `to_json`. Unknown and missing fields are no error, so that versions understand each other.
/// Throws `Error(bad_input)` if the text is not a report.
RunReport parse_run_report(std::string_view json);

}  // namespace plait::batch
