#pragma once

#include "plait/base/clock.hpp"

#include <optional>

namespace plait::internal {

/// Decides when the due timers of a loop fire: at once, or, in a loop that is late, after what came before them.
///
/// A loop is late if its process was stopped, its machine slept, or a task kept it. What a task waits for may have
/// arrived in time and not been handled yet. So the ready tasks run first, then the tasks that they make ready, and the
/// threads and processes that work for them get a moment. Only then do timers fire. All this takes no longer than the
/// loop is late, so that time-outs still fire in an overloaded loop.
class CatchUp {
  public:
    /// A loop is late if a timer fires this long after its deadline, and the loop has not looked at timers since.
    static constexpr Duration late = std::chrono::milliseconds(50);
    /// Timers wait no longer than this, however late the loop is.
    static constexpr Duration longest = std::chrono::seconds(1);

    /// How a loop stands when it looks at its timers.
    struct Look {
        TimePoint now{};
        std::optional<TimePoint> deadline{};  ///< of the first timer; nothing: there is none
        bool has_ready = false;               ///< tasks are ready
        bool has_outside_work = false;        ///< threads or processes work for its tasks
    };

    /// Tasks begin to run at `now`: what was before makes no loop late.
    void begin(TimePoint now) noexcept;

    /// Returns whether the timers that are due fire now.
    bool may_fire(const Look& look) noexcept;

    /// The loop has asked the kernel, and slept. `in_vain`: nothing came until its time was up.
    void slept(bool in_vain) noexcept { slept_in_vain_ = in_vain; }

    /// Until when due timers wait at most; nothing: none has to wait.
    const std::optional<TimePoint>& until() const noexcept { return until_; }

  private:
    bool must_wait(const Look& look, TimePoint looked_before) noexcept;

    TimePoint looked_at_{};
    bool slept_in_vain_ = false;
    std::optional<TimePoint> until_;
};

}  // namespace plait::internal
