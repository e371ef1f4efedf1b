#pragma once

#include "plait/async/internal/waiter.hpp"

namespace plait {

/// Waits for a time when it is awaited. Returned by `sleep_until` and `sleep_for`.
class [[nodiscard("a sleep does nothing until it is awaited")]] Sleep : private internal::Waiter,
                                                                        private internal::Timer {
  public:
    explicit Sleep(TimePoint deadline) noexcept : deadline_(deadline) {}
    /// Move it only before it is awaited.
    Sleep(Sleep&& other) noexcept : internal::Waiter(), internal::Timer(), deadline_(other.deadline_) {}

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> resume_point) {
        auto& scheduler = internal::Scheduler::current();
        scheduler.arm(*this, deadline_);  // first, because it may throw
        sleeper_ = &scheduler.running();
        if (begin_wait(resume_point, trace::Wait::time)) return true;
        scheduler.disarm(*this);
        return false;
    }
    void await_resume() const { end_wait(); }

  private:
    bool give_up(internal::TaskRecord&) noexcept override {
        internal::Scheduler::current().disarm(*this);
        return true;
    }
    void fire() noexcept override { internal::Scheduler::current().make_ready(*sleeper_); }
    const internal::Timer* timer() const noexcept override { return this; }

    TimePoint deadline_;
    internal::TaskRecord* sleeper_ = nullptr;
};

/// Waits until the loop's clock shows `deadline`, and for one turn of the loop at least.
inline Sleep sleep_until(TimePoint deadline) noexcept { return Sleep(deadline); }

/// Waits for `duration` by the loop's clock.
inline Sleep sleep_for(Duration duration) noexcept { return Sleep(internal::Scheduler::current().after(duration)); }

/// Lets the other ready tasks run first when it is awaited.
class [[nodiscard("a yield does nothing until it is awaited")]] Yield {
  public:
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> resume_point) const noexcept {
        internal::Scheduler::current().requeue(resume_point);
        return true;
    }
    void await_resume() const { internal::throw_if_cancelled(); }
};

/// Puts the calling task at the end of the ready queue: `co_await yield()`.
inline Yield yield() noexcept { return {}; }

}  // namespace plait
