#pragma once

#include "plait/async/internal/loop_meter.hpp"
#include "plait/async/internal/ready_queue.hpp"
#include "plait/async/internal/task_record.hpp"
#include "plait/async/parts/internal/catch_up.hpp"
#include "plait/async/parts/internal/inbox.hpp"
#include "plait/async/parts/internal/poller.hpp"
#include "plait/async/parts/internal/timers.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/thread_local.hpp"
#include "plait/trace/recorder.hpp"

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>

namespace plait::internal {

/// What an `EventLoop` is made of: the ready queue, the timers, the descriptors, the way in from other threads; and the
/// loop over them, `run_until`. One thread uses it; nothing in it is atomic but the inbox.
class Scheduler {
  public:
    /// How many tasks run before the loop polls the kernel, the timers and other threads again.
    static constexpr std::size_t batch_limit = 61;
    /// How many of them are timed together: reading the clock costs more than a switch.
    static constexpr int timed_together = 16;
    /// How many batches a loop that is a guest runs before it lets its host go on.
    static constexpr int most_batches_a_turn = 4;
    /// How many operations that complete at once a task may do before it must let the others run.
    static constexpr int operations_a_run = 128;

    struct Options {
        Clock* clock;
        trace::Recorder* recorder;
        Duration timer_slack;
        std::uint64_t shuffle_seed;
        DebugWatch* debug;  // null without debug mode; otherwise also the recorder
    };

    explicit Scheduler(const Options& options);
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    ~Scheduler();

    /// The scheduler whose task runs on this thread.
    PLAIT_OF_THIS_THREAD static Scheduler& current() noexcept {
        PLAIT_ASK_ANEW();
        PLAIT_ASSERT(current_, "this needs a running event loop: call it from a task, or use run(task)");
        return *current_;
    }
    PLAIT_OF_THIS_THREAD static Scheduler* current_or_null() noexcept {
        PLAIT_ASK_ANEW();
        return current_;
    }
    /// No task runs on this thread any more, although one did: the process was forked.
    static void leave_current() noexcept { current_ = nullptr; }

    TaskRecord& running() noexcept { return *running_; }
    TaskRecord* running_or_null() noexcept { return running_; }

    /// Takes a new task into the ready queue.
    void start(TaskRecord& record, const char* name);

    /// Makes the running task wait at `point`; `resume_point` is resumed afterwards.
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
        enqueue(record);
    }

    /// The running task goes to the end of the ready queue.
    void requeue(std::coroutine_handle<> resume_point) noexcept {
        TaskRecord& record = *running_;
        record.resume_point = resume_point;
        enqueue(record);
    }

    /// Ends the wait of a task whose scope was cancelled, if it can be ended.
    void interrupt(TaskRecord& record) noexcept;

    /// The coroutine of the running task has ended. It is destroyed once it is suspended.
    void root_ended(TaskRecord& record) noexcept { ended_ = &record; }

    /// Destroys the coroutine of a task that has not ended, where it stands. `record` is the caller's to destroy.
    void drop(TaskRecord& record) noexcept;

    /// An operation that could end at once takes one unit; when they are used up it goes through the ready queue, so
    /// that a task whose operations always end at once lets the others run.
    bool take_budget() noexcept { return --budget_ > 0; }

    void arm(Timer& timer, TimePoint deadline) { timers_.arm(timer, with_slack(deadline)); }
    void disarm(Timer& timer) noexcept { timers_.disarm(timer); }

    /// The time in which the loop is the calling thread's current one. Nests: the loop that ran before is current again
    /// afterwards.
    class Stay {
      public:
        explicit Stay(Scheduler& scheduler) noexcept;
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay();

      private:
        Scheduler& scheduler_;
    };

    /// Runs until `done` is true. Data before timers: each turn takes in what has arrived, then fires what is due.
    void run_until(const bool& done);

    /// Does once what `run_until` repeats, without waiting: takes what has come, fires what is due, and runs what is
    /// ready, in `most_batches_a_turn` batches. The next turn is due when the kernel has an event for `poller`, when
    /// something is posted, at `next_turn_at()`, or at once if `ready_count()` is not 0.
    void turn();
    /// Runs one batch of what is ready.
    void run_ready();
    /// When a timer needs a turn; nothing without one.
    std::optional<TimePoint> next_turn_at() const noexcept;

    /// The scope around all tasks of the run that begins; null when it has ended.
    void set_main_scope(CancelScope* scope) noexcept { main_scope_ = scope; }
    CancelScope* main_scope() const noexcept { return main_scope_; }

    /// The loop that is suspended while this one runs, because one of its tasks runs this one; null when there is none.
    Scheduler* outer() const noexcept { return outer_; }

    TimePoint deadline_of(const Timer& timer) const noexcept { return timers_.deadline_of(timer); }

    TimePoint now() const noexcept { return meter_.now(); }
    /// The time when `duration` will have passed; the end of time if that is too far away to count.
    TimePoint after(Duration duration) const noexcept { return now() + std::min(duration, TimePoint::max() - now()); }
    const std::shared_ptr<Poller>& poller() const noexcept { return poller_; }
    const std::shared_ptr<Inbox>& inbox() const noexcept { return inbox_; }

    /// While the count is above zero, work outside the loop is under way, and a jumping clock must wait for it.
    void outside_work(int change) noexcept { outside_work_ += change; }
    /// How many tasks wait for descriptors: without any, the kernel is asked only to sleep.
    void descriptor_waits(int change) noexcept { descriptor_waits_ += change; }

    std::size_t ready_count() const noexcept { return ready_.size(); }
    std::size_t waiting_count() const noexcept { return waiting_count_; }
    std::size_t timer_count() const noexcept { return timers_.size(); }
    std::uint64_t started() const noexcept { return next_id_ - 1; }
    std::uint64_t polls() const noexcept { return poller_->waits(); }

    /// How the loop spends its time.
    LoopMeter& meter() noexcept { return meter_; }
    const LoopMeter& meter() const noexcept { return meter_; }

  private:
    void change_state(TaskRecord& record, trace::TaskState state) noexcept {
        record.state = state;
        if (meter_.is_recording()) [[unlikely]]
            report(record, 0);
    }
    void enqueue(TaskRecord& record) noexcept {
        ready_.push_back(record);
        change_state(record, trace::TaskState::ready);
    }
    void report(const TaskRecord& record, trace::TaskId parent) noexcept;
    TimePoint with_slack(TimePoint deadline) const noexcept;

    void run_ready_batch();
    void resume(TaskRecord& record);
    void finish(TaskRecord& record) noexcept;
    void fire_due_timers();
    TimePoint wake_up_time() const noexcept;
    void poll_events();
    void wait_for_events();
    void stop_at_deadlock() const;

    static inline constinit thread_local Scheduler* current_ = nullptr;

    ReadyQueue ready_;
    TaskRecord* running_ = nullptr;
    TaskRecord* ended_ = nullptr;
    std::size_t waiting_count_ = 0;
    int budget_ = 0;
    trace::TaskId next_id_ = 1;
    LoopMeter meter_;

    TimerHeap timers_;
    Duration timer_slack_;
    CatchUp catch_up_;
    int outside_work_ = 0;
    int descriptor_waits_ = 0;

    CancelScope* main_scope_ = nullptr;
    Scheduler* outer_ = nullptr;

    std::shared_ptr<Poller> poller_;
    std::shared_ptr<Inbox> inbox_;
};

}  // namespace plait::internal
