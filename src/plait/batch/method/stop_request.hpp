#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/method/status_request.hpp"

#include <atomic>

namespace plait::batch {

/// Delivers an interruption to code that blocks the event loop and so cannot be notified by it. See
/// `Runner::interrupt`.
class StopRequest {
  public:
    /// Asks for the end. After the first time, attempts have the grace period; after the second, they are given up at
    /// once. From any thread, and from signal handlers.
    void ask() noexcept { ++times_; }

    int times() const noexcept { return times_; }

  private:
    std::atomic<int> times_ = 0;
};

/// How often code that blocks a loop checks for a stop request.
inline constexpr Duration stop_request_interval = std::chrono::milliseconds(50);

/// Awaits `attempt`, or gives it up when `stop` asks for that: the result is then `given_up()`. Answers `status`
/// meanwhile, if it is not null. `stop` and `status` outlive the task.
Task<Attempt> unless_stopped(Task<Attempt> attempt, const StopRequest& stop, Duration grace,
                             StatusRequest* status = nullptr);

}  // namespace plait::batch
