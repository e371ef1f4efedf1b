#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/batch/method/status_request.hpp"

#include <atomic>

namespace plait::batch {

/// Tells of an interruption those who block the loop that would tell them. See `Runner::interrupt`.
class StopRequest {
  public:
    /// Asks for the end: once, and attempts have the grace period; twice, and they are given up at once. From any
    /// thread, and from signal handlers.
    void ask() noexcept { ++times_; }

    int times() const noexcept { return times_; }

  private:
    std::atomic<int> times_ = 0;
};

/// How often somebody who blocks a loop looks whether he is asked to stop.
inline constexpr Duration stop_request_interval = std::chrono::milliseconds(50);

/// Awaits `attempt`, unless it is given up because of `stop`: that is the failure `given_up()`. Answers for `status`
/// meanwhile, if it is not null. `stop` and `status` outlive the task.
Task<Attempt> unless_stopped(Task<Attempt> attempt, const StopRequest& stop, Duration grace,
                             StatusRequest* status = nullptr);

}  // namespace plait::batch
