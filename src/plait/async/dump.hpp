#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/trace/activity.hpp"
#include "plait/trace/recorder.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait {

class HostedLoop;

/// The state of a task.
struct TaskInfo {
    trace::TaskId id = 0;
    /// The task whose group it belongs to; 0 for the first task of a loop.
    trace::TaskId starter = 0;
    /// Empty without a name.
    std::string name{};
    trace::TaskState state = trace::TaskState::created;
    /// For a task that waits.
    trace::Wait wait = trace::Wait::nothing;
    /// What the wait is for: as set by an `ActivityScope`, or as implied by the kind of wait.
    trace::Activity waits_for = trace::Activity::other;
    /// For a task that sleeps: the time left.
    std::optional<Duration> wakes_in{};
    /// The time until the first deadline around it (see `within`) cancels it.
    std::optional<Duration> gives_up_in{};
    /// In debug mode: how long it has been in this state.
    std::optional<Duration> for_so_long{};
    /// It was cancelled, and is ending or can't leave its wait.
    bool is_cancelled = false;
};

/// The state of a loop.
struct LoopInfo {
    LoopStatistics statistics;
    /// All tasks that have not ended, each after the one that it belongs to.
    std::vector<TaskInfo> tasks;
    /// Its running task runs another loop, and all others wait for that.
    bool stands_still = false;
};

/// Returns the state of `loop`. Called by one of its tasks, or by a task of a loop that one of its tasks runs. Costs
/// nothing before it is called. A loop that does not run has no tasks.
LoopInfo inspect(const EventLoop& loop);

/// The same for a loop that is a guest, on its thread.
LoopInfo inspect(const HostedLoop& loop);

/// Returns the state of the loops that run on the calling thread, outermost first; none when it runs no loop.
std::vector<LoopInfo> inspect_running_loops();

/// The most lines for tasks in a text; if there are more tasks, similar ones are counted together.
inline constexpr std::size_t most_task_lines = 50;

/// Describes the loop for people: a line of statistics, and its tasks as a tree. If there are more than `most_lines`
/// tasks, those with the same name (but for digits at its end), state and wait are counted after the first few of them.
std::string to_text(const LoopInfo& loop, std::size_t most_lines = most_task_lines);

/// Answers "why is it stuck?": all tasks of `loop` and what they wait for, as text. See `inspect`.
std::string dump(const EventLoop& loop);

/// The same for all loops that run on the calling thread, outermost first.
std::string dump();

namespace internal {
/// What a task waits for: the activity and the kind of wait, such as `first byte (readable)`.
std::string wait_in_words(trace::Wait wait, trace::Activity waits_for);
/// The label of a task in texts: its id, and its name if it has one, safe to print and shortened.
std::string called(trace::TaskId id, std::string_view name);
}  // namespace internal

}  // namespace plait
