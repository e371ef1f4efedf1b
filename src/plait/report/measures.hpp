#pragma once

#include "plait/report/timeline.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace plait::report {

/// The figures of a timeline, on which the explanation is based. In a thinned trace, each call counts for all that it
/// stands for.
struct Measures {
    std::uint64_t calls = 0;
    std::uint64_t not_ok = 0;
    double calls_per_second = 0;
    std::array<double, trace::activity_count> shares{};  ///< of the calls' time, by activity; they add up to 1
    double waiting = 0;                                  ///< the share of all waits together
    trace::Activity main_wait = trace::Activity::other;  ///< the largest of the waits
    Duration p50{};                                      ///< of the calls' lengths
    Duration p90{};
    Duration p99{};
    Duration longest{};
    double in_flight = 0;  ///< the number of calls at a time, on average
    std::uint64_t most_in_flight = 0;
    std::optional<double> loop_ran;  ///< the share of the time in which the loops ran; nothing without a loop
    double share_of(trace::Activity activity) const { return shares[static_cast<std::size_t>(activity)]; }
};

Measures measure(const Timeline& timeline);

/// Returns the indexes in `timeline.spans` of the longest calls, at most `most`, the longest first.
std::vector<std::size_t> slowest(const Timeline& timeline, std::size_t most);

/// Returns the activity that took most of a span's time, and its share.
std::pair<trace::Activity, double> main_activity(const Span& span);

/// Whether the activity is a wait: neither `running` nor `ready`.
bool is_wait(trace::Activity activity) noexcept;

}  // namespace plait::report
