#pragma once

#include "plait/async/internal/waiter.hpp"

namespace plait {

/// Something that happens once, for the tasks of one loop. Waiting tasks resume when it is set; later tasks do not wait
/// at all. Destroying an event while tasks wait for it is a bug.
class Event {
  public:
    /// `wait` is the kind of wait for traces.
    explicit Event(trace::Wait wait = trace::Wait::event) noexcept : wait_(wait) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { PLAIT_ASSERT(waiting_.empty(), "an event was destroyed while tasks wait for it"); }

    bool is_set() const noexcept { return set_; }

    /// Makes all waiting tasks ready, in the order in which they came.
    void set() noexcept {
        set_ = true;
        while (!waiting_.empty()) internal::Scheduler::current().make_ready(waiting_.pop_front());
    }

    /// Makes `wait` wait again.
    void reset() noexcept { set_ = false; }

    class [[nodiscard("awaited, or it does nothing")]] WaitAwaiter : private internal::Waiter {
      public:
        explicit WaitAwaiter(Event& event) noexcept : event_(&event) {}
        bool await_ready() const noexcept { return event_->set_ && internal::Scheduler::current().take_budget(); }
        bool await_suspend(std::coroutine_handle<> resume_point) noexcept {
            if (event_->set_) {
                internal::Scheduler::current().requeue(resume_point);
                return true;
            }
            if (!begin_wait(resume_point, event_->wait_)) return false;
            event_->waiting_.push_back(internal::Scheduler::current().running());
            return true;
        }
        void await_resume() const { end_wait(); }

      private:
        bool give_up(internal::TaskRecord& task) noexcept override {
            task.internal::ListNode<internal::QueueTag>::unlink();
            return true;
        }
        Event* event_;
    };

    /// Waits until the event is set. Any number of tasks may wait.
    WaitAwaiter wait() noexcept { return WaitAwaiter(*this); }

  private:
    internal::TaskQueue waiting_;
    const trace::Wait wait_;
    bool set_ = false;
};

}  // namespace plait
