#pragma once

#include "plait/async/internal/scheduler.hpp"
#include "plait/base/clock.hpp"

#include <functional>
#include <optional>

namespace plait::internal {

/// The tasks of a loop by the scopes that they are in, for whoever looks at the loop from outside.
class TaskTree {
  public:
    /// `scheduler` outlives the tree.
    explicit TaskTree(const Scheduler& scheduler) noexcept : scheduler_(scheduler) {}

    /// Calls `visit` with each task that was started and has not ended, and the id of the task whose group it is in.
    void for_each_task(const std::function<void(TaskRecord& task, trace::TaskId starter)>& visit) const;
    /// When the first deadline around `task` gives it up; nothing without one.
    std::optional<TimePoint> gives_up_at(const TaskRecord& task) const noexcept;
    static bool is_cancelled(const TaskRecord& task) noexcept;

  private:
    const Scheduler& scheduler_;
};

}  // namespace plait::internal
