#pragma once

#include "plait/base/clock.hpp"

namespace plait::testing {

/// A clock that stands still while any task can run, and jumps to the next timer when all of them wait for time. A wait
/// of an hour takes no time; what happens, and when, is the same in each run. It does not jump while a task waits for a
/// descriptor, a thread or a process: what comes from outside could come before the timer.
class JumpingClock final : public Clock {
  public:
    /// Starts some days after the epoch, so that a time before the start is valid.
    JumpingClock() noexcept : now_(std::chrono::hours(100)) {}

    TimePoint now() const override { return now_; }
    bool jump_to(TimePoint deadline) override {
        now_ = deadline;
        return true;
    }

    /// Lets `duration` pass at once.
    void advance(Duration duration) noexcept { now_ += duration; }

  private:
    TimePoint now_;
};

}  // namespace plait::testing
