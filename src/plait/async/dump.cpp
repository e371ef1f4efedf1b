#include "plait/async/dump.hpp"

#include "plait/async/hosted_loop.hpp"
#include "plait/async/internal/debug_watch.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/async/internal/task_tree.hpp"
#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace plait {

namespace {

TaskInfo info_of(const internal::Scheduler& scheduler, const internal::TaskRecord& task, trace::TaskId starter,
                 TimePoint now) {
    const internal::TaskTree tree(scheduler);
    TaskInfo info;
    info.id = task.id;
    info.starter = starter;
    if (task.name) info.name = task.name;
    info.state = task.state;
    info.is_cancelled = tree.is_cancelled(task);
    if (const auto deadline = tree.gives_up_at(task)) info.gives_up_in = *deadline - now;
    if (const auto* debug = scheduler.meter().debug()) {
        if (const auto since = debug->since(task.id)) info.for_so_long = now - *since;
    }
    if (task.state != trace::TaskState::waiting) return info;
    info.wait = task.wait;
    info.waits_for = internal::activity_of(task);
    if (const internal::Timer* timer = task.wait_point->timer(); timer && timer->is_armed())
        info.wakes_in = scheduler.deadline_of(*timer) - now;
    return info;
}

/// Puts each task after its owner, and siblings in the order they were started.
std::vector<TaskInfo> as_tree(std::vector<TaskInfo> tasks) {
    std::sort(tasks.begin(), tasks.end(), [](const TaskInfo& a, const TaskInfo& b) { return a.id < b.id; });
    std::unordered_map<trace::TaskId, std::vector<std::size_t>> children;
    std::unordered_set<trace::TaskId> ids{0};
    for (const TaskInfo& task : tasks) ids.insert(task.id);
    for (std::size_t i = 0; i < tasks.size(); ++i)
        children[ids.contains(tasks[i].starter) ? tasks[i].starter : 0].push_back(i);
    std::vector<TaskInfo> ordered;
    std::vector<std::size_t> next;
    const auto push_children_of = [&](trace::TaskId id) {
        const auto found = children.find(id);
        if (found != children.end()) next.insert(next.end(), found->second.rbegin(), found->second.rend());
    };
    push_children_of(0);
    while (!next.empty()) {
        const std::size_t at = next.back();
        next.pop_back();
        push_children_of(tasks[at].id);
        ordered.push_back(std::move(tasks[at]));
    }
    return ordered;
}

LoopInfo inspect_scheduler(const internal::Scheduler& scheduler, bool stands_still) {
    LoopInfo info;
    info.statistics = internal::statistics_of(scheduler);
    info.stands_still = stands_still;
    // The loop's own time was read at the start of its turn, which may be long ago if the loop is suspended.
    const TimePoint now = scheduler.meter().clock().now();
    internal::TaskTree(scheduler).for_each_task([&](const internal::TaskRecord& task, trace::TaskId starter) {
        info.tasks.push_back(info_of(scheduler, task, starter, now));
    });
    info.tasks = as_tree(std::move(info.tasks));
    return info;
}

std::string state_in_words(const TaskInfo& task, bool stands_still) {
    switch (task.state) {
        case trace::TaskState::waiting:
            return "waiting for " + internal::wait_in_words(task.wait, task.waits_for);
        case trace::TaskState::running:
            return stands_still ? "running a loop of its own" : "running";
        default:
            return std::string(trace::to_string(task.state));
    }
}

std::string line_of(const TaskInfo& task, bool stands_still) {
    std::string line = internal::called(task.id, task.name) + ": " + state_in_words(task, stands_still);
    if (task.for_so_long) line += " for " + in_words(*task.for_so_long);
    if (task.wakes_in) line += fmt::format(", {} left", in_words(*task.wakes_in));
    if (task.is_cancelled) {
        line += ", cancelled";
    } else if (task.gives_up_in) {
        line += fmt::format(", gives up in {}", in_words(*task.gives_up_in));
    }
    return line;
}

std::string count_of(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string statistics_line(const LoopInfo& loop) {
    const LoopStatistics& numbers = loop.statistics;
    const Duration time = numbers.ran + numbers.waited;
    std::string line = fmt::format("{} ({} ready, {} waiting), {}", count_of(loop.tasks.size(), "task"), numbers.ready,
                                   numbers.waiting, count_of(numbers.timers, "timer"));
    line += fmt::format("; ran {:.1f} % of {}", numbers.busy_share() * 100, in_words(time));
    line += fmt::format(", at most {} at a time", in_words(numbers.longest_run));
    if (!numbers.longest_runner.empty()) line += fmt::format(" (task {})", numbers.longest_runner);
    return line + fmt::format("; {} started, {} switches, {} polls", numbers.started, numbers.switches, numbers.polls);
}

/// What tasks must share to be counted together instead of listed.
using Likeness = std::tuple<std::size_t, std::string, trace::TaskState, trace::Wait, trace::Activity, bool>;

Likeness likeness_of(const TaskInfo& task, std::size_t depth) {
    const auto digits = task.name.find_last_not_of("0123456789");
    const std::size_t kept = digits == std::string::npos ? 0 : digits + 1;
    return {depth, task.name.substr(0, kept), task.state, task.wait, task.waits_for, task.is_cancelled};
}

}  // namespace

namespace internal {

std::string wait_in_words(trace::Wait wait, trace::Activity waits_for) {
    const std::string_view kind = trace::to_string(wait);
    if (waits_for == trace::Activity::other || trace::to_string(waits_for) == kind) return std::string(kind);
    return fmt::format("{} ({})", trace::to_string(waits_for), kind);
}

std::string called(trace::TaskId id, std::string_view name) {
    return name.empty() ? fmt::to_string(id) : fmt::format("{} \"{}\"", id, printable(name));
}

}  // namespace internal

LoopInfo inspect(const EventLoop& loop) {
    for (const internal::Scheduler* inner = internal::Scheduler::current_or_null(); inner; inner = inner->outer()) {
        if (inner->outer() == &loop.scheduler_) return inspect_scheduler(loop.scheduler_, true);
    }
    return inspect_scheduler(loop.scheduler_, false);
}

LoopInfo inspect(const HostedLoop& loop) { return inspect_scheduler(loop.scheduler_, false); }

std::vector<LoopInfo> inspect_running_loops() {
    std::vector<LoopInfo> loops;
    const internal::Scheduler* const innermost = internal::Scheduler::current_or_null();
    for (const internal::Scheduler* loop = innermost; loop; loop = loop->outer()) {
        loops.push_back(inspect_scheduler(*loop, loop != innermost));
    }
    std::reverse(loops.begin(), loops.end());
    return loops;
}

std::string to_text(const LoopInfo& loop, std::size_t most_lines) {
    constexpr std::size_t listed_of_each_kind = 3;
    const bool count = loop.tasks.size() > most_lines;

    struct Line {
        std::size_t depth;
        std::string text;
        const std::size_t* how_many;  // the number of tasks, if the line stands for many
    };
    std::vector<Line> lines;
    std::unordered_map<trace::TaskId, std::size_t> depths;
    std::map<Likeness, std::size_t> kinds;
    for (const TaskInfo& task : loop.tasks) {
        const auto starter = depths.find(task.starter);
        const std::size_t depth = starter == depths.end() ? 0 : starter->second + 1;
        depths.emplace(task.id, depth);
        std::size_t& alike = kinds[likeness_of(task, depth)];
        ++alike;
        if (!count || alike <= listed_of_each_kind) {
            lines.push_back({depth, line_of(task, loop.stands_still), nullptr});
        } else if (alike == listed_of_each_kind + 1) {
            lines.push_back({depth, state_in_words(task, loop.stands_still), &alike});
        }
    }

    std::string text = statistics_line(loop) + "\n";
    std::size_t left = loop.tasks.size();
    for (std::size_t i = 0; i < lines.size() && i < most_lines; ++i) {
        const Line& line = lines[i];
        text.append(2 * (line.depth + 1), ' ');
        if (line.how_many) {
            const std::size_t more = *line.how_many - listed_of_each_kind;
            text += fmt::format("and {} more like these, {}\n", more, line.text);
            left -= more;
        } else {
            text += line.text + "\n";
            --left;
        }
    }
    if (left > 0) text += fmt::format("  and {} more tasks\n", left);
    return text;
}

std::string dump(const EventLoop& loop) { return "loop: " + to_text(inspect(loop)); }

std::string dump() {
    std::string text;
    for (const LoopInfo& loop : inspect_running_loops())
        text += (text.empty() ? "loop: " : "loop inside of it: ") + to_text(loop);
    return text;
}

}  // namespace plait
