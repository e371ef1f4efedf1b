#pragma once

#include "plait/async/internal/scheduler.hpp"

#include <string>
#include <string_view>

namespace plait {

/// Names the calling task while it lives, for dumps and the warnings of debug mode.
///
/// For names that are known only at run time: `TaskName name(call.custom_id)` in a task that owns `call`. The text
/// outlives this and must not move. They nest; each belongs to the task that made it.
class TaskName {
  public:
    explicit TaskName(const char* name) noexcept
        : task_(internal::Scheduler::current().running()), before_(task_.name) {
        task_.name = name;
    }
    explicit TaskName(const std::string& name) noexcept : TaskName(name.c_str()) {}
    explicit TaskName(std::string&&) = delete;  // it would be destroyed at once
    TaskName(const TaskName&) = delete;
    TaskName& operator=(const TaskName&) = delete;
    ~TaskName() { task_.name = before_; }

    /// The name of the calling task; empty without one.
    static std::string_view current() noexcept {
        const char* const name = internal::Scheduler::current().running().name;
        return name ? name : "";
    }

  private:
    internal::TaskRecord& task_;
    const char* before_;
};

}  // namespace plait
