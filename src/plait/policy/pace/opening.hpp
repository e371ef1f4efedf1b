#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/quantile.hpp"

#include <chrono>
#include <cstdint>

namespace plait::policy {

/// How fast the first calls go to a server whose limits are unknown.
struct OpeningOptions {
    /// Calls sent before the first answer; 0: no bound.
    std::uint64_t first_look = 0;
    /// Stop waiting for the first answer after this time.
    Duration patience = std::chrono::seconds(1);
};

/// The slow start at a server whose limits are unknown: a few calls, then, from the first answer on, more and more
/// along a curve in time. The calls that wait for their answers are never more than a share of those that were
/// answered. Otherwise a server that answers within milliseconds would be sent thousands of calls before its first
/// refusal came back. The farther the server, the larger the share: a slow one has all its calls in flight a fiftieth
/// of a second after its first answers. Knows no clock.
class Opening {
  public:
    explicit Opening(const OpeningOptions& options) noexcept : options_(options), is_over_(options.first_look == 0) {}

    /// Returns when a call may be sent if nothing else happens before: `now`, or later.
    TimePoint earliest(TimePoint now) noexcept;
    void sent(TimePoint now) noexcept;
    /// A call that was sent at `sent_at` was answered, if only by a refusal.
    void answered(TimePoint sent_at, TimePoint now) noexcept;
    bool is_over() const noexcept { return is_over_; }

  private:
    OpeningOptions options_;
    bool is_over_;
    std::uint64_t left_ = 0;
    std::uint64_t answered_ = 0;
    TimePoint first_sent_at_{};
    TimePoint opened_at_ = TimePoint::max();
    // Of sending a call and its answer, in milliseconds; low, as a server's first calls may wait for each other.
    Quantile latency_{0.25};
};

}  // namespace plait::policy
