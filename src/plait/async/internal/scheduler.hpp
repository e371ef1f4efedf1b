#pragma once

#include "plait/async/internal/inbox.hpp"
#include "plait/async/internal/list.hpp"
#include "plait/async/internal/poller.hpp"
#include "plait/async/internal/timers.hpp"
#include "plait/async/task.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/clock.hpp"
#include "plait/trace/recorder.hpp"

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace plait {
class CancelScope;
}

namespace plait::internal {

class DebugWatch;
struct QueueTag;
struct SiblingTag;

/// Where a suspended task waits; lives in its awaiter.
class WaitPoint {
  public:
    /// Asks to leave early: takes `task` out of where it waits and answers true, or answers false when the wait can't
    /// be left (it will end by itself). Does not make the task ready.
    virtual bool give_up(TaskRecord& task) noexcept = 0;

    /// What ends the wait when its time comes; null for a wait without one.
    virtual const Timer* timer() const noexcept { return nullptr; }

  protected:
    ~WaitPoint() = default;
};

/// A started task: what the loop knows of it. It is in one queue at a time, the loop's ready list or that of what it
/// waits for.
class TaskRecord : public ListNode<QueueTag>, public ListNode<SiblingTag> {
  public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept { free_frame(memory, size); }

    using Root = std::coroutine_handle<Promise<void>>;

    TaskRecord(Root root_coroutine, CancelScope& task_scope) noexcept
        : resume_point(root_coroutine), scope(&task_scope), root(root_coroutine) {
        root.promise().set_root_of(*this);
    }

    std::coroutine_handle<> resume_point;  ///< the innermost coroutine, which goes on when the task is resumed
    WaitPoint* wait_point = nullptr;       ///< null when the task does not wait
    CancelScope* scope;                    ///< the innermost one that is open; at first and at last its owner's
    Root root;
    const char* name = nullptr;
    trace::TaskId id = 0;
    trace::TaskState state = trace::TaskState::created;
    trace::Wait wait = trace::Wait::nothing;
    trace::Activity waits_for = trace::Activity::other;  ///< what its waits are for, when somebody told
    bool cancelled = false;                              ///< the wait was given up: resuming throws `Cancelled`
};

/// What a task does, in the words of traces.
trace::Activity activity_of(const TaskRecord& task) noexcept;

/// Who starts tasks, and learns how they end.
class TaskOwner {
  public:
    /// The coroutine is destroyed; `record` is the owner's to destroy. `error` is null after a success.
    virtual void task_ended(TaskRecord& record, std::exception_ptr error) noexcept = 0;

    List<TaskRecord, SiblingTag>& tasks() noexcept { return tasks_; }

  protected:
    ~TaskOwner() = default;

  private:
    List<TaskRecord, SiblingTag> tasks_;  // those that have not ended
};

using TaskQueue = List<TaskRecord, QueueTag>;

/// What an `EventLoop` is made of: the ready list, the timers, the descriptors, the way in from other threads. One
/// thread uses it; nothing in it is atomic but the inbox.
class Scheduler {
  public:
    /// How many tasks run before the loop looks at the kernel, the timers and other threads again.
    static constexpr std::size_t batch_limit = 61;
    /// How many of them are timed together: reading the clock costs more than a switch.
    static constexpr int timed_together = 16;
    /// How many operations that end at once a task may do before it has to let the others run.
    static constexpr int operations_a_run = 128;

    struct Options {
        Clock* clock;
        trace::Recorder* recorder;
        Duration timer_slack;
        std::uint64_t shuffle_seed;
        DebugWatch* debug;  // null without debug mode; else it is the recorder, too
    };

    explicit Scheduler(const Options& options);
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    ~Scheduler();

    /// The scheduler whose task runs on this thread.
    static Scheduler& current() noexcept {
        PLAIT_ASSERT(current_, "this needs a running event loop: call it from a task, or use run(task)");
        return *current_;
    }
    static Scheduler* current_or_null() noexcept { return current_; }
    /// No task runs on this thread any more, although one did: the process was forked.
    static void leave_current() noexcept { current_ = nullptr; }

    TaskRecord& running() noexcept { return *running_; }
    TaskRecord* running_or_null() noexcept { return running_; }

    /// Takes a new task into the ready list.
    void start(TaskRecord& record, const char* name);

    /// The running task waits from now on at `point`, and `resume_point` goes on afterwards.
    void suspend(std::coroutine_handle<> resume_point, WaitPoint& point, trace::Wait wait) noexcept {
        TaskRecord& record = *running_;
        record.resume_point = resume_point;
        record.wait_point = &point;
        record.wait = wait;
        ++waiting_count_;
        change_state(record, trace::TaskState::waiting);
    }

    /// What `record` waited for has come; it is in no list.
    void make_ready(TaskRecord& record) noexcept {
        record.wait_point = nullptr;
        --waiting_count_;
        ++ready_count_;
        change_state(record, trace::TaskState::ready);
        ready_.push_back(record);
    }

    /// The running task goes to the end of the ready list.
    void requeue(std::coroutine_handle<> resume_point) noexcept {
        TaskRecord& record = *running_;
        record.resume_point = resume_point;
        ++ready_count_;
        change_state(record, trace::TaskState::ready);
        ready_.push_back(record);
    }

    /// Ends the wait of a task whose scope was cancelled, if it can be ended.
    void interrupt(TaskRecord& record) noexcept;

    /// The coroutine of the running task has ended. It is destroyed when it has come to rest.
    void root_ended(TaskRecord& record) noexcept { ended_ = &record; }

    /// Destroys the coroutine of a task that has not ended, where it stands. `record` is the caller's to destroy.
    void drop(TaskRecord& record) noexcept;

    /// An operation that could end at once takes one unit; when they are used up it goes through the ready list, so
    /// that a task whose operations always end at once lets the others run.
    bool take_budget() noexcept { return --budget_ > 0; }

    void arm(Timer& timer, TimePoint deadline) { timers_.arm(timer, with_slack(deadline)); }
    void disarm(Timer& timer) noexcept { timers_.disarm(timer); }

    /// Runs until `done` is true. Nests: the loop that ran before is current again afterwards.
    void run_until(const bool& done);

    /// The scope around all tasks of the run that begins; null when it has ended.
    void set_main_scope(CancelScope* scope) noexcept { main_scope_ = scope; }

    /// The loop that stands still while this one runs, because one of its tasks runs this one; null when there is none.
    Scheduler* outer() const noexcept { return outer_; }

    /// Calls `visit` with each task that was started and has not ended, and the id of the task whose group it is in.
    void for_each_task(const std::function<void(TaskRecord& task, trace::TaskId starter)>& visit) const;
    /// When the first deadline around `task` gives it up; nothing without one.
    std::optional<TimePoint> gives_up_at(const TaskRecord& task) const noexcept;
    bool is_cancelled(const TaskRecord& task) const noexcept;
    TimePoint deadline_of(const Timer& timer) const noexcept { return timers_.deadline_of(timer); }

    TimePoint now() const noexcept { return now_; }
    /// The time when `duration` will have passed; the end of time when that is too long to count.
    TimePoint after(Duration duration) const noexcept { return now_ + std::min(duration, TimePoint::max() - now_); }
    Clock& clock() const noexcept { return clock_; }
    const std::shared_ptr<Poller>& poller() const noexcept { return poller_; }
    const std::shared_ptr<Inbox>& inbox() const noexcept { return inbox_; }
    trace::Recorder* recorder() const noexcept { return recorder_; }

    /// While the count is above zero something outside the loop is on its way: a clock that jumps must wait for it.
    void outside_work(int change) noexcept { outside_work_ += change; }
    /// How many tasks wait for descriptors: without any, the kernel is asked only to sleep.
    void descriptor_waits(int change) noexcept { descriptor_waits_ += change; }

    std::size_t ready_count() const noexcept { return ready_count_; }
    std::size_t waiting_count() const noexcept { return waiting_count_; }
    std::size_t timer_count() const noexcept { return timers_.size(); }
    std::uint64_t switches() const noexcept { return switches_; }
    std::uint64_t started() const noexcept { return next_id_ - 1; }
    std::uint64_t polls() const noexcept { return poller_->waits(); }
    Duration longest_run() const noexcept { return longest_run_; }
    /// How long it was in `run_until`: waiting for the kernel or for the time, and otherwise.
    Duration waited() const noexcept { return waited_; }
    Duration ran() const noexcept {
        return in_runs_ + (is_in_run_ ? clock_.now() - run_began_ : Duration::zero()) - waited_;
    }
    /// How long its tasks stood still because they ran loops of their own.
    Duration in_inner_loops() const noexcept { return in_inner_loops_; }

    DebugWatch* debug() const noexcept { return debug_; }
    /// The running task keeps the loop on purpose, until it next waits.
    void set_kept_on_purpose(bool on_purpose) noexcept { kept_on_purpose_ = on_purpose; }
    bool is_kept_on_purpose() const noexcept { return kept_on_purpose_; }

  private:
    void change_state(TaskRecord& record, trace::TaskState state) noexcept {
        record.state = state;
        if (recorder_) [[unlikely]]
            report(record, 0);
    }
    void report(const TaskRecord& record, trace::TaskId parent) noexcept;
    bool was_running(const TaskRecord& record) const noexcept {
        return running_ == &record && record.state != trace::TaskState::running;
    }
    TimePoint with_slack(TimePoint deadline) const noexcept;

    void run_ready_batch();
    void resume(TaskRecord& record);
    void finish(TaskRecord& record) noexcept;
    std::size_t shuffle_ready();
    void look_at_clock() noexcept;
    void fire_due_timers();
    bool must_catch_up(TimePoint looked_before) noexcept;
    void poll_events();
    void wait_for_events();
    void time_was_waited() noexcept;
    void stop_at_deadlock() const;

    static inline constinit thread_local Scheduler* current_ = nullptr;

    TaskQueue ready_;
    TaskRecord* running_ = nullptr;
    TaskRecord* ended_ = nullptr;
    trace::Recorder* recorder_;
    std::size_t ready_count_ = 0;
    std::size_t waiting_count_ = 0;
    int budget_ = 0;
    std::uint64_t switches_ = 0;

    TimerHeap timers_;
    TimePoint now_;
    TimePoint stamp_;
    TimePoint looked_at_timers_{};
    bool waited_in_vain_ = false;                ///< the last sleep ended because its time was up
    std::optional<TimePoint> catches_up_until_;  ///< timers are due and have to wait for what came before them
    Clock& clock_;
    Duration timer_slack_;
    Duration longest_run_{0};
    std::uint64_t shuffle_state_;
    trace::TaskId next_id_ = 1;
    int outside_work_ = 0;
    int descriptor_waits_ = 0;

    CancelScope* main_scope_ = nullptr;
    Scheduler* outer_ = nullptr;
    TimePoint run_began_{};
    Duration in_runs_{0};  // in those that have ended
    Duration waited_{0};
    bool is_asleep_ = false;  ///< since the clock was looked at the kernel may have let time pass
    Duration in_inner_loops_{0};
    DebugWatch* debug_;
    bool is_in_run_ = false;
    bool kept_on_purpose_ = false;
    bool woke_up_ = false;  // and no time was noted since

    std::shared_ptr<Poller> poller_;
    std::shared_ptr<Inbox> inbox_;
};

/// Throws `Cancelled` when the running task's scope was cancelled.
void throw_if_cancelled();

/// The common part of the awaiters: suspending, and throwing `Cancelled` instead when the scope was cancelled.
class Waiter : public WaitPoint {
  protected:
    Waiter() noexcept = default;
    ~Waiter() = default;

    /// The running task is to wait here. False when it must not, because it is cancelled: `end_wait` will throw.
    bool begin_wait(std::coroutine_handle<> resume_point, trace::Wait wait) noexcept;

    /// Throws `Cancelled` when the wait was given up.
    static void end_wait();
};

}  // namespace plait::internal
