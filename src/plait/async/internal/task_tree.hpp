#pragma once

#include "plait/async/internal/scheduler.hpp"
#include "plait/base/clock.hpp"

#include <functional>
#include <optional>

namespace plait::internal {

/// Finds the tasks of a loop through the scopes that they are in, to inspect the loop from outside.
class TaskTree {
  public:
    /// `scheduler` outlives the tree.
    explicit TaskTree(const Scheduler& scheduler) noexcept : scheduler_(scheduler) {}

    /// Calls `visit` with each task that was started and has not ended, and the id of the task whose group it is in.
    void for_each_task(const std::function<void(TaskRecord& task, trace::TaskId starter)>& visit) const;
    /// Returns when the first deadline around `task` cancels it; nothing without one.
    std::optional<TimePoint> gives_up_at(const TaskRecord& task) const noexcept;
    static bool is_cancelled(const TaskRecord& task) noexcept;

  private:
    const Scheduler& scheduler_;
};

}  // namespace plait::internal
