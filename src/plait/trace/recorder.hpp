#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/activity.hpp"

#include <cstdint>
#include <string_view>

namespace plait::trace {

/// What a task is doing. The same states hold for every method.
enum class TaskState : std::uint8_t { created, ready, running, waiting, done };

/// What a waiting task waits for.
enum class Wait : std::uint8_t {
    nothing,
    time,        ///< a sleep
    readable,    ///< a descriptor that has bytes or a connection
    writable,    ///< a descriptor that takes bytes
    event,       ///< an `Event` to be set
    permit,      ///< a `Semaphore`
    item,        ///< a `Channel` to have one
    room,        ///< a `Channel` to take one
    tasks,       ///< the tasks that it started
    thread_job,  ///< a job of a `ThreadPool`
    process_job  ///< a job of a `ProcessPool`
};

std::string_view to_string(TaskState state) noexcept;
std::string_view to_string(Wait wait) noexcept;

/// Returns the activity that a kind of wait implies; `other` where it implies none: readable bytes can be for anything.
Activity activity_of(Wait wait) noexcept;

/// Identifies a task within its loop; 0 is no task.
using TaskId = std::uint32_t;

/// A change of a task's state.
struct TaskEvent {
    TimePoint when;
    TaskId task = 0;
    TaskId parent = 0;  ///< who started it; set when `state` is `created`
    TaskState state = TaskState::created;
    Wait wait = Wait::nothing;  ///< for `waiting`
    /// What the task does from now on; for `waiting`, what the wait is for.
    Activity activity = Activity::other;
    const char* name = nullptr;  ///< set when `state` is `created`; a string literal or null
    /// The length of the loop's two lists afterwards.
    std::uint32_t ready = 0;
    std::uint32_t waiting = 0;
};

/// Receives the changes of state of one loop's tasks. Called on the loop's thread, between tasks and within them: it
/// must be quick, and must not throw.
class Recorder {
  public:
    virtual ~Recorder() = default;
    virtual void record(const TaskEvent& event) noexcept = 0;
};

}  // namespace plait::trace
