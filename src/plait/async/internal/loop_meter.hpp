#pragma once

#include "plait/async/internal/task_record.hpp"
#include "plait/base/clock.hpp"
#include "plait/trace/recorder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace plait::internal {

class DebugWatch;

/// How a loop spends its time: the time of the turn, how long tasks ran and how long the loop waited for the kernel,
/// and the record of what each task did.
class LoopMeter {
  public:
    /// All outlive the meter. `recorder` may be null; so may `debug`, which otherwise is also the recorder.
    LoopMeter(Clock& clock, trace::Recorder* recorder, DebugWatch* debug)
        : recorder_(recorder), now_(clock.now()), stamp_(now_), clock_(clock), debug_(debug) {}

    /// The time as it was last read: after some tasks ran, or when the loop had waited.
    TimePoint now() const noexcept { return now_; }
    Clock& clock() const noexcept { return clock_; }

    bool is_recording() const noexcept { return recorder_ != nullptr; }
    /// Records the state of `task`, which just changed. `stopped_running`: it ran until now.
    void record(const TaskRecord& task, trace::TaskId parent, bool stopped_running, std::size_t ready,
                std::size_t waiting) noexcept;

    // Events of the loop. Each reads the clock, except `count_switch` and `fall_asleep`.
    void begin_run() noexcept;
    /// Returns how long the run took.
    Duration end_run() noexcept;
    void count_switch() noexcept { ++switches_; }
    /// Tasks ran since the clock was last read.
    void tasks_ran() noexcept;
    /// Time passed in which no task ran, nor did the loop wait.
    void time_passed() noexcept { now_ = clock_.now(); }
    /// The loop waited since the clock was last read.
    void time_was_waited() noexcept;
    /// The loop asks the kernel, which may let time pass, until `wake_up`. A task that becomes ready meanwhile is
    /// recorded with the time at which the kernel returned.
    void fall_asleep() noexcept { is_asleep_ = is_waking_ = true; }
    void wake_up() noexcept;
    /// A task of this loop ran a loop of its own.
    void inner_loop_ran(Duration time) noexcept { in_inner_loops_ += time; }

    std::uint64_t switches() const noexcept { return switches_; }
    /// The longest time between two clock readings in which tasks ran.
    Duration longest_run() const noexcept { return longest_run_; }
    /// The time in runs: how long the loop waited for the kernel or a timer, and the rest.
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
    trace::Recorder* recorder_;
    std::uint64_t switches_ = 0;
    TimePoint now_;
    TimePoint stamp_;  // of records
    Clock& clock_;
    DebugWatch* debug_;
    TimePoint run_began_{};
    Duration in_runs_{0};  // in those that have ended
    Duration waited_{0};
    Duration longest_run_{0};
    Duration in_inner_loops_{0};
    bool is_in_run_ = false;
    bool is_asleep_ = false;  // the clock was not read since the kernel was asked
    bool is_waking_ = false;  // no record has its time since
    bool kept_on_purpose_ = false;
};

}  // namespace plait::internal
