#include "plait/async/internal/loop_meter.hpp"

namespace plait::internal {

void LoopMeter::record(const TaskRecord& task, trace::TaskId parent, bool stopped_running, std::size_t ready,
                       std::size_t waiting) noexcept {
    // The clock is read when a task stops running, and when the kernel wakes the loop. What happens until the next of
    // these is taken to happen at that time.
    if (stopped_running || std::exchange(is_waking_, false)) stamp_ = clock_.now();
    if (std::exchange(is_asleep_, false)) time_was_waited();  // the first task to be woken ends the wait of the loop
    trace::TaskEvent event;
    event.when = std::max(stamp_, now_);
    event.task = task.id;
    event.parent = parent;
    event.state = task.state;
    event.activity = activity_of(task);
    if (task.state == trace::TaskState::waiting) event.wait = task.wait;
    if (task.state == trace::TaskState::created) event.name = task.name;
    event.ready = static_cast<std::uint32_t>(ready);
    event.waiting = static_cast<std::uint32_t>(waiting);
    recorder_->record(event);
}

void LoopMeter::begin_run() noexcept {
    now_ = clock_.now();
    run_began_ = now_;
    is_in_run_ = true;
}

Duration LoopMeter::end_run() noexcept {
    is_in_run_ = false;
    const Duration length = now_ - run_began_;
    in_runs_ += length;
    return length;
}

void LoopMeter::tasks_ran() noexcept {
    const TimePoint now = clock_.now();
    longest_run_ = std::max(longest_run_, now - now_);
    now_ = now;
}

void LoopMeter::time_was_waited() noexcept {
    const TimePoint now = clock_.now();
    waited_ += now - now_;
    now_ = now;
}

void LoopMeter::wake_up() noexcept {
    is_waking_ = false;
    if (std::exchange(is_asleep_, false)) time_was_waited();
}

}  // namespace plait::internal
