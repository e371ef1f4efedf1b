#pragma once

#include "plait/async/debug.hpp"
#include "plait/base/clock.hpp"
#include "plait/trace/recorder.hpp"

#include <exception>
#include <optional>
#include <string>
#include <unordered_map>

namespace plait::internal {

class Scheduler;
class TaskRecord;

/// What debug mode knows about the tasks of one loop. It receives their changes of state as a recorder does, and passes
/// them on to the loop's own recorder.
class DebugWatch final : public trace::Recorder {
  public:
    /// Both outlive the watch; `next` may be null.
    DebugWatch(const DebugOptions& options, trace::Recorder* next) : options_(options), next_(next) {}

    /// Sets the scheduler whose tasks it follows.
    void watch(Scheduler& scheduler) noexcept { scheduler_ = &scheduler; }

    void record(const trace::TaskEvent& event) noexcept override;

    /// Reports `error`, which is dropped because a sibling of `task` failed first.
    void error_dropped(const TaskRecord& task, const std::exception_ptr& error) const;

    /// Returns when the task entered its present state.
    std::optional<TimePoint> since(trace::TaskId task) const;

    Duration longest_run() const noexcept { return longest_run_; }
    /// Which task that was.
    const std::string& longest_runner() const noexcept { return longest_runner_; }

  private:
    /// What a task did last, before it became ready.
    struct Task {
        TimePoint since;
        trace::TaskState state = trace::TaskState::created;
        trace::TaskState before = trace::TaskState::created;
        trace::Wait wait = trace::Wait::nothing;
        trace::Activity waited_for = trace::Activity::other;
    };
    void run_ended(const Task& task, TimePoint when);

    const DebugOptions& options_;
    trace::Recorder* const next_;
    Scheduler* scheduler_ = nullptr;
    std::unordered_map<trace::TaskId, Task> tasks_;
    trace::TaskId running_ = 0;
    Duration in_inner_loops_{0};  // at the start of this run
    Duration longest_run_{0};
    std::string longest_runner_;
};

}  // namespace plait::internal
