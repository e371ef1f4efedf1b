#pragma once

#include "plait/async/parts/internal/poller.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"

#include <optional>

namespace plait::internal {

/// Makes a poller's descriptor readable at a time (a timerfd in its list).
///
/// Most deadlines are those of time-outs that never fire, so the kernel is told only of one that is *earlier* than what
/// it knows: once for many calls. The price is a wake-up in vain when that deadline has gone.
class WakeTimer final : private PollTarget {
  public:
    /// Both outlive the timer.
    WakeTimer(Poller& poller, const Clock& clock);
    WakeTimer(const WakeTimer&) = delete;
    WakeTimer& operator=(const WakeTimer&) = delete;
    ~WakeTimer();

    /// Wakes the poller at `time`, or earlier.
    void wake_at(TimePoint time);

  private:
    void on_ready(Readiness) noexcept override { armed_for_.reset(); }

    Poller& poller_;
    const Clock& clock_;
    UniqueFd timer_;
    std::optional<TimePoint> armed_for_;
};

}  // namespace plait::internal
