#include "plait/async/internal/debug_watch.hpp"

#include "plait/async/dump.hpp"
#include "plait/async/internal/scheduler.hpp"

#include <fmt/format.h>

namespace plait::internal {

namespace {

std::string in_seconds(Duration duration) {
    return fmt::format("{:.3f} s", std::chrono::duration<double>(duration).count());
}

std::string in_words(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "something that is no std::exception";
    }
}

}  // namespace

void DebugWatch::record(const trace::TaskEvent& event) noexcept {
    if (next_) next_->record(event);
    Task& task = tasks_[event.task];
    if (running_ == event.task && event.state != trace::TaskState::running) {
        run_ended(task, event.when);
        running_ = 0;
    }
    if (event.state == trace::TaskState::done) {
        tasks_.erase(event.task);
        return;
    }
    if (event.state == trace::TaskState::running) {
        running_ = event.task;
        in_inner_loops_ = scheduler_->meter().in_inner_loops();
        scheduler_->meter().set_kept_on_purpose(false);
    }
    if (event.state == trace::TaskState::ready) task.before = task.state;
    if (event.state == trace::TaskState::waiting) {
        task.wait = event.wait;
        task.waited_for = event.activity;
    }
    task.state = event.state;
    task.since = event.when;
}

void DebugWatch::error_dropped(const TaskRecord& task, const std::exception_ptr& error) const {
    options_.warn(fmt::format("debug: task {} failed after another task of its group, so its error is dropped: {}",
                              called(task.id, task.name ? task.name : ""), in_words(error)));
}

std::optional<TimePoint> DebugWatch::since(trace::TaskId task) const {
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return std::nullopt;
    return found->second.since;
}

void DebugWatch::run_ended(const Task& task, TimePoint when) {
    const Duration length = when - task.since;
    if (length <= longest_run_ && length <= options_.longest_run) return;
    const TaskRecord& record = scheduler_->running();
    const std::string who = called(record.id, record.name ? record.name : "");
    if (length > longest_run_) {
        longest_run_ = length;
        longest_runner_ = who;
    }
    if (length <= options_.longest_run || scheduler_->meter().is_kept_on_purpose()) return;

    std::string line = fmt::format("debug: task {} kept its loop for {}", who, in_seconds(length));
    if (const Duration inner = scheduler_->meter().in_inner_loops() - in_inner_loops_; inner > Duration::zero())
        line += fmt::format(", {} of it in a loop of its own", in_seconds(inner));
    if (task.before == trace::TaskState::created) line += "; it had just been started";
    if (task.before == trace::TaskState::running) line += "; it had let the others run";
    if (task.before == trace::TaskState::waiting)
        line += fmt::format("; it had waited for {}", wait_in_words(task.wait, task.waited_for));
    options_.warn(line);
}

}  // namespace plait::internal
