#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/parts/internal/wake_timer.hpp"
#include "plait/async/task.hpp"

#include <cstddef>
#include <exception>

namespace plait {

/// An event loop that is a guest in another one, such as asyncio's, GLib's or that of a game: it never waits by itself.
///
///     HostedLoop loop;
///     host.when_readable(loop.fd(), [&] { loop.turn(); });
///     loop.start(fetch(session, url));
///     loop.run_ready();  // or loop.turn(), at the latest when the host's iteration ends
///
/// `fd` is readable whenever a turn is due: a descriptor became ready, a timer is due, another thread has posted
/// something, or tasks were left ready by the last turn. Only `start` and `cancel`, which the host calls itself, don't
/// make it readable. There is no second thread.
///
/// All functions are for one thread at a time; between two calls the loop may move to another thread. Destroy what the
/// tasks use (sessions, streams) after `drop_all()`, or after the loop.
///
/// A process that was forked shares the kernel's side of the loop with its parent. In the child, leave the loop and
/// what its tasks use alone: don't even destroy them while there are tasks (`is_own()` tells). What no task waits for
/// may be destroyed: its descriptors are closed, and the parent's stay as they are.
class HostedLoop final : private internal::TaskOwner {
  public:
    explicit HostedLoop(const EventLoopOptions& options = {});
    HostedLoop(const HostedLoop&) = delete;
    HostedLoop& operator=(const HostedLoop&) = delete;
    /// Drops the tasks.
    ~HostedLoop();

    /// Watch it for reading, level- or edge-triggered. Never read or close it.
    int fd() const noexcept { return scheduler_.poller()->fd(); }

    /// Takes `task` into the list of ready tasks. See to a `run_ready` or `turn` afterwards. `name`, a string literal,
    /// appears in traces. May be called by a task of this loop.
    void start(Task<void> task, const char* name = nullptr);

    /// Takes what has come, fires the timers that are due, and runs the ready tasks, about 250 at the most. Does not
    /// wait. When it has done so, throws the first error of a task that failed since the last call.
    void turn();

    /// Runs ready tasks only, about 60 at the most: cheaper than a turn when a task was just started. Throws as `turn`.
    void run_ready();

    /// Cancels `scope`, which tasks of this loop are in. They end in the next `run_ready` or `turn`. May be called by a
    /// task of this loop.
    void cancel(CancelScope& scope) noexcept;

    /// Destroys all tasks where they wait, with their local variables.
    void drop_all() noexcept;

    /// Whether a task of this loop runs now: the caller was called by one.
    bool is_in_turn() const noexcept { return internal::Scheduler::current_or_null() == &scheduler_; }

    /// Whether the calling process made the loop.
    bool is_own() const noexcept { return scheduler_.poller()->is_own(); }

    /// The number of tasks that have not ended.
    std::size_t size() const noexcept { return size_; }

    LoopStatistics statistics() const { return internal::statistics_of(scheduler_); }

    /// For other threads: the way into this loop.
    LoopHandle handle() const noexcept { return LoopHandle(scheduler_.inbox()); }

  private:
    friend LoopInfo inspect(const HostedLoop& loop);
    void task_ended(internal::TaskRecord& record, std::exception_ptr error) noexcept override;
    void see_to_next_turn();

    std::unique_ptr<internal::DebugWatch> debug_watch_;  // null without debug mode
    internal::Scheduler scheduler_;
    internal::WakeTimer timer_;
    CancelScope scope_;  // around all tasks
    std::size_t size_ = 0;
    std::exception_ptr first_error_;
};

}  // namespace plait
