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

    class [[nodiscard("awaited, or it does nothing")]] UntilAwaiter : private internal::Waiter,
                                                                      private internal::Timer {
      public:
        UntilAwaiter(Event& event, TimePoint deadline) noexcept : event_(event), deadline_(deadline) {}
        UntilAwaiter(const UntilAwaiter&) = delete;
        UntilAwaiter& operator=(const UntilAwaiter&) = delete;
        ~UntilAwaiter() { disarm(); }  // armed still, if the task was dropped between the event and its turn

        bool await_ready() const noexcept { return event_.set_ && internal::Scheduler::current().take_budget(); }
        bool await_suspend(std::coroutine_handle<> resume_point) {
            internal::Scheduler& scheduler = internal::Scheduler::current();
            if (event_.set_) {
                scheduler.requeue(resume_point);
                return true;
            }
            scheduler.arm(*this, deadline_);  // first, because it may throw
            scheduler_ = &scheduler;
            if (!begin_wait(resume_point, event_.wait_)) return false;
            waiting_ = &scheduler.running();
            event_.waiting_.push_back(*waiting_);
            return true;
        }
        bool await_resume() {
            disarm();
            end_wait();
            return !has_passed_;
        }

      private:
        bool give_up(internal::TaskRecord& task) noexcept override {
            disarm();
            task.internal::ListNode<internal::QueueTag>::unlink();
            return true;
        }
        void fire() noexcept override {
            if (waiting_->wait_point != this) return;  // the event came first, and the task is ready
            has_passed_ = true;
            waiting_->internal::ListNode<internal::QueueTag>::unlink();
            scheduler_->make_ready(*waiting_);
        }
        const internal::Timer* timer() const noexcept override { return this; }
        void disarm() noexcept {
            if (scheduler_) scheduler_->disarm(*this);
        }

        Event& event_;
        const TimePoint deadline_;
        internal::Scheduler* scheduler_ = nullptr;  // null: the timer was never armed
        internal::TaskRecord* waiting_ = nullptr;
        bool has_passed_ = false;  // the deadline
    };

    /// Waits until the event is set, and no longer than until `deadline`. Returns false when that came first. As
    /// `CancelScope` does it, for waits of which there are many: it takes a third of the memory.
    UntilAwaiter wait_until(TimePoint deadline) noexcept { return UntilAwaiter(*this, deadline); }

  private:
    internal::TaskQueue waiting_;
    const trace::Wait wait_;
    bool set_ = false;
};

}  // namespace plait
