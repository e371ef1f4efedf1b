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

/// A task as it stands.
struct TaskInfo {
    trace::TaskId id = 0;
    /// The task whose group it belongs to; 0 for the first task of a loop.
    trace::TaskId starter = 0;
    /// Empty when nobody gave it one.
    std::string name{};
    trace::TaskState state = trace::TaskState::created;
    /// For a task that waits.
    trace::Wait wait = trace::Wait::nothing;
    /// What the wait is for: what the task said (see `ActivityScope`), or what the kind of wait tells.
    trace::Activity waits_for = trace::Activity::other;
    /// For a task that sleeps: when that ends.
    std::optional<Duration> wakes_in{};
    /// When the first deadline around it (see `within`) gives it up.
    std::optional<Duration> gives_up_in{};
    /// In debug mode: how long it has been in this state.
    std::optional<Duration> for_so_long{};
    /// It was cancelled, and is on its way out or can't leave its wait.
    bool is_cancelled = false;
};

/// A loop as it stands.
struct LoopInfo {
    LoopStatistics statistics;
    /// All that have not ended, each behind the one that it belongs to.
    std::vector<TaskInfo> tasks;
    /// Its running task runs another loop, and all others wait for that.
    bool stands_still = false;
};

/// A look at `loop`: by one of its tasks, or by one of a loop that one of its tasks runs. Changes nothing, and costs
/// nothing before it is asked for. Without tasks when the loop does not run.
LoopInfo inspect(const EventLoop& loop);

/// The loops that run on the calling thread, outermost first; none when the thread runs no loop.
std::vector<LoopInfo> inspect_running_loops();

/// The most lines for tasks in a text: of more tasks, those that are alike are counted.
inline constexpr std::size_t most_task_lines = 50;

/// The loop as text for people: a line of statistics, and its tasks as a tree. Of more than `most_lines` tasks those
/// with the same name (but for the digits at its end), state and wait are counted behind the first few of them.
std::string to_text(const LoopInfo& loop, std::size_t most_lines = most_task_lines);

/// "Why is it stuck?": all tasks of `loop` and what they wait for, as text. See `inspect`.
std::string dump(const EventLoop& loop);

/// The same for all loops that run on the calling thread, outermost first.
std::string dump();

namespace internal {
/// What a task waits for: what it is for and the kind of wait, such as `first byte (readable)`.
std::string wait_in_words(trace::Wait wait, trace::Activity waits_for);
/// How a task is called in texts: its id, and its name if it has one, safe to print and of a sensible length.
std::string called(trace::TaskId id, std::string_view name);
}  // namespace internal

}  // namespace plait
