#pragma once

#include "plait/async/debug.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/async/parts/remote_call.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/trace/recorder.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace plait {

struct LoopInfo;

/// Options of a loop.
struct EventLoopOptions {
    /// Tells the time; outlives the loop.
    Clock* clock = &SteadyClock::instance();
    /// Receives the tasks' changes of state; outlives the loop. Null: nothing is recorded.
    trace::Recorder* recorder = nullptr;
    /// How late a wait of 100 ms or more may end, so that many time-outs share one wake-up.
    Duration timer_slack = std::chrono::microseconds(500);
    /// If not 0, ready tasks run in an order drawn from this seed, to find code that depends on their order.
    std::uint64_t shuffle_seed = 0;
    /// Debug mode, and what it watches for; outlives the loop. Null: off. By default it is off unless `PLAIT_DEBUG` is
    /// in the environment.
    const DebugOptions* debug = debug_of_environment();
};

/// The length of the loop's two lists, and what it has done so far.
struct LoopStatistics {
    std::size_t ready = 0;       ///< tasks that could run now
    std::size_t waiting = 0;     ///< tasks that wait for a descriptor, a time, another task or a thread
    std::size_t timers = 0;      ///< armed: sleeps and time-outs
    std::uint64_t started = 0;   ///< tasks since the loop was made
    std::uint64_t switches = 0;  ///< how often a task was resumed
    std::uint64_t polls = 0;     ///< how often the kernel was asked what is ready
    Duration ran{0};             ///< the time in `run` in which tasks ran
    Duration waited{0};          ///< the rest, in which all tasks waited
    Duration longest_run{0};     ///< the longest time that one task kept the loop; up to 16 runs are timed together
    std::string longest_runner;  ///< in debug mode, which times each run: the task that did; else empty

    /// The share of its time in which the loop ran. Near 1 the processor is its bottleneck.
    double busy_share() const noexcept {
        return ran.count() == 0 ? 0 : static_cast<double>(ran.count()) / static_cast<double>((ran + waited).count());
    }
};

/// The way into a loop from other threads; may outlive the loop.
class LoopHandle {
  public:
    /// Makes `call.arrive()` run on the loop's thread. May be called from any thread, and from signal handlers. Returns
    /// false when the loop has ended and the call will not arrive.
    bool post(RemoteCall& call) const noexcept { return inbox_->post(call); }

    /// Whether both lead into the same loop.
    friend bool operator==(const LoopHandle&, const LoopHandle&) noexcept = default;

  private:
    friend class EventLoop;
    friend class HostedLoop;
    explicit LoopHandle(std::shared_ptr<internal::Inbox> inbox) noexcept : inbox_(std::move(inbox)) {}
    std::shared_ptr<internal::Inbox> inbox_;
};

/// Runs tasks on one thread, each until it has to wait. The loop itself is `internal::Scheduler::run_until`.
///
/// The loop has a list of ready tasks and a list of waiting ones, and repeats: run the ready ones, in the order in
/// which they became ready; ask the kernel which of the waiting became ready, waiting no longer than the next timer. No
/// task resumes another one directly: a task that becomes ready goes to the end of the ready list.
class EventLoop {
  public:
    explicit EventLoop(const EventLoopOptions& options = {});
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    /// Runs `task`, and all that it starts, to its end. Returns its value, or throws what it threw. May be called
    /// again, and within a task of another loop, which then stands still.
    template <class T>
    T run(Task<T> task) {
        if constexpr (std::is_void_v<T>) {
            run_to_end(std::move(task));
        } else {
            std::optional<T> result;
            run_to_end(keep(std::move(task), result));
            return std::move(*result);
        }
    }

    /// Call it on the loop's thread.
    LoopStatistics statistics() const;

    /// For other threads: the way into this loop.
    LoopHandle handle() const noexcept { return LoopHandle(scheduler_.inbox()); }

    /// The way into the loop that runs the calling task.
    static LoopHandle current_handle() noexcept { return LoopHandle(internal::Scheduler::current().inbox()); }

    /// The statistics of the loop that runs the calling task.
    static LoopStatistics current_statistics();

  private:
    friend LoopInfo inspect(const EventLoop& loop);
    template <class T>
    static Task<void> keep(Task<T> task, std::optional<T>& result) {
        result.emplace(co_await std::move(task));
    }
    void run_to_end(Task<void> task);

    std::unique_ptr<internal::DebugWatch> debug_watch_;  // null without debug mode
    internal::Scheduler scheduler_;
};

/// Tells debug mode not to warn that the calling task keeps its loop, until it next waits.
inline void keep_loop_on_purpose() noexcept { internal::Scheduler::current().meter().set_kept_on_purpose(true); }

/// The present time of the loop that runs the calling task. It is read once a turn.
inline TimePoint now() noexcept { return internal::Scheduler::current().now(); }

/// The loop's time after `duration`; the end of time if that is too far away to count.
inline TimePoint after(Duration duration) noexcept { return internal::Scheduler::current().after(duration); }

/// While it lives, something outside the loop (a thread, a process) works for the calling task: a clock that jumps
/// waits for it.
class OutsideWork {
  public:
    OutsideWork() : scheduler_(internal::Scheduler::current()) { scheduler_.outside_work(+1); }
    OutsideWork(const OutsideWork&) = delete;
    OutsideWork& operator=(const OutsideWork&) = delete;
    ~OutsideWork() { scheduler_.outside_work(-1); }

  private:
    internal::Scheduler& scheduler_;
};

namespace internal {
LoopStatistics statistics_of(const Scheduler& scheduler);

/// Lends a loop of the calling thread for one `run`: one for each depth of nesting, kept for the life of the thread.
class PrivateLoop {
  public:
    PrivateLoop();
    PrivateLoop(const PrivateLoop&) = delete;
    PrivateLoop& operator=(const PrivateLoop&) = delete;
    ~PrivateLoop();
    EventLoop& loop() const noexcept { return loop_; }

  private:
    EventLoop& loop_;
};
}  // namespace internal

/// Runs `task` to its end on the calling thread, which blocks: to block is to run a loop with one task in it. Within a
/// task of another loop, that loop stands still meanwhile.
template <class T>
T run(Task<T> task) {
    return internal::PrivateLoop().loop().run(std::move(task));
}

template <class T>
T Task<T>::get() && {
    return plait::run(std::move(*this));
}

/// Call it in a process that was just forked. It never touches the copies of its parent's loops again, because the
/// kernel's side of them is shared with the parent; `run` makes new ones.
void leave_loops_of_parent() noexcept;

}  // namespace plait
