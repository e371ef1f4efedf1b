#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/adaptive_limit_state.hpp"
#include "plait/policy/pace/pace.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/pace/server_limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// The same moment by both clocks, to convert times of a run into dates.
struct ClockPair {
    TimePoint steady{};
    WallTime wall{};

    /// Returns the date of a time of the run, at most 50 years ahead.
    WallTime date_of(TimePoint time) const noexcept;
};

/// Why the calls of a group wait, and until when.
class ReportedWait {
  public:
    ReportedWait() noexcept {}
    ReportedWait(const policy::WaitReason& reason, const ClockPair& clocks);

    std::string limit;        ///< such as `requests=500/m`; empty when there is none to name
    std::string learnt_from;  ///< a header, or `refusals`; empty when the limit was given
    WallTime until{};

    friend bool operator==(const ReportedWait&, const ReportedWait&) = default;
};

/// What a server announced of one of its limits, as known now.
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

/// The last change of a concurrency limit.
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

/// The status of a group.
class GroupReport {
  public:
    GroupReport() noexcept {}
    explicit GroupReport(std::string_view name_) : name(name_) {}

    std::string name;
    std::uint64_t in_flight = 0;    ///< attempts that are on their way
    std::uint64_t concurrency = 0;  ///< calls that may be in flight; 0: not known
    bool concurrency_is_adaptive = false;
    std::optional<ReportedChange> concurrency_change;  ///< the last
    std::uint64_t waiting = 0;                         ///< calls that wait for their turn or to be tried again
    std::optional<ReportedWait> waits_for;             ///< why the first of them waits
    std::optional<ReportedWait> parked;                ///< asked to wait for longer than the run does
    std::optional<WallTime> circuit_open_since;        ///< since when its server can't be reached
    std::optional<policy::RateLimit> learnt_pace;      ///< from refusals
    std::vector<ReportedQuota> quotas;
    std::string http_version;  ///< of the last answer; empty before the first

    /// Copies the status of a pace: what waits and why, whether the group is parked, what was learnt.
    void take(const policy::Pace& pace, const ClockPair& clocks);

    friend bool operator==(const GroupReport&, const GroupReport&) = default;
};

}  // namespace plait::batch
