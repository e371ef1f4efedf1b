#pragma once

#include "plait/async/internal/scheduler.hpp"

#include <coroutine>

namespace plait::internal {

/// Throws `Cancelled` when the running task's scope was cancelled.
void throw_if_cancelled();

/// The common part of the awaiters: suspending, and throwing `Cancelled` instead when the scope was cancelled.
class Waiter : public WaitPoint {
  protected:
    Waiter() noexcept = default;
    ~Waiter() = default;

    /// Makes the running task wait here. Returns false when it must not, because it is cancelled: `end_wait` will
    /// throw.
    bool begin_wait(std::coroutine_handle<> resume_point, trace::Wait wait) noexcept;

    /// Throws `Cancelled` when the wait was given up.
    static void end_wait();
};

}  // namespace plait::internal
