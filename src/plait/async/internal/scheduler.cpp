#include "plait/async/internal/scheduler.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/dump.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace plait::internal {

Scheduler::Scheduler(const Options& options)
    : ready_(options.shuffle_seed),
      meter_(*options.clock, options.recorder, options.debug),
      timer_slack_(options.timer_slack),
      poller_(std::make_shared<Poller>()),
      inbox_(std::make_shared<Inbox>()) {
    poller_->add(inbox_->wake_fd(), nullptr);
}

Scheduler::~Scheduler() { inbox_->close(); }

// The loop.

void Scheduler::run_until(const bool& done) {
    const Stay stay(*this);
    catch_up_.begin(now());
    for (;;) {
        run_ready_batch();
        if (done) break;
        if (ready_.empty()) {
            wait_for_events();
        } else {
            poll_events();
        }
        fire_due_timers();
    }
}

void Scheduler::run_ready_batch() {
    const std::size_t limit = ready_.begin_batch(batch_limit);
    int untimed = 0;
    for (std::size_t i = 0; i < limit && !ready_.empty(); ++i) {
        resume(ready_.pop_front());
        if (++untimed == timed_together) {
            meter_.tasks_ran();
            untimed = 0;
        }
    }
    if (untimed) meter_.tasks_ran();
}

void Scheduler::resume(TaskRecord& record) {
    running_ = &record;
    budget_ = operations_a_run;
    meter_.count_switch();
    change_state(record, trace::TaskState::running);
    record.resume_point.resume();
    if (ended_) finish(*std::exchange(ended_, nullptr));
    running_ = nullptr;
}

void Scheduler::finish(TaskRecord& record) noexcept {
    change_state(record, trace::TaskState::done);
    std::exception_ptr error = record.root.promise().exception();
    record.root.destroy();
    record.scope->task_owner_->task_ended(record, std::move(error));
}

void Scheduler::fire_due_timers() {
    CatchUp::Look look{.now = now(), .has_ready = !ready_.empty(), .has_outside_work = outside_work_ > 0};
    if (!timers_.empty()) look.deadline = timers_.next_deadline();
    if (!catch_up_.may_fire(look)) return;
    while (Timer* timer = timers_.pop_due(now())) timer->fire();
}

void Scheduler::poll_events() {
    inbox_->deliver();
    if (descriptor_waits_ > 0) poller_->wait(Duration::zero());
}

void Scheduler::wait_for_events() {
    if (inbox_->has_calls()) {
        meter_.time_passed();  // or calls that follow each other without a pause would hold up the timers
        return poll_events();
    }
    std::optional<Duration> timeout;
    const bool only_time_passes = descriptor_waits_ == 0 && outside_work_ == 0;
    if (!timers_.empty()) {
        const TimePoint deadline = wake_up_time();
        if (deadline <= now()) return poll_events();
        // Nothing but time can make a task ready: the clock of a test lets it pass at once.
        if (only_time_passes && meter_.clock().jump_to(deadline)) return meter_.time_was_waited();
        timeout = deadline - now();
    } else {
        // Not even time can, and no other thread has a handle of this loop.
        if (only_time_passes && inbox_.use_count() == 1) stop_at_deadlock();
    }
    meter_.fall_asleep();
    if (inbox_->prepare_to_sleep()) {  // nothing was posted meanwhile
        const std::uint64_t told = poller_->told();
        poller_->wait(timeout);
        inbox_->woke_up();
        catch_up_.slept(poller_->told() == told && !inbox_->has_calls());
    }
    meter_.wake_up();
    inbox_->deliver();
}

/// When the loop wakes up for its timers, if nothing else wakes it up before. While due ones have to wait for threads
/// or processes, these wake it up.
TimePoint Scheduler::wake_up_time() const noexcept {
    return catch_up_.until() && outside_work_ > 0 ? *catch_up_.until() : timers_.next_deadline();
}

void Scheduler::stop_at_deadlock() const {
    std::fputs(dump().c_str(), stderr);
    PLAIT_ASSERT(!ready_.empty(), "deadlock: every task of this loop waits for another one");
}

// The loop as a guest, which its host gives turns.

void Scheduler::turn() {
    const Stay stay(*this);
    inbox_->woke_up();
    inbox_->deliver();
    poller_->wait(Duration::zero());
    catch_up_.slept(false);
    fire_due_timers();
    for (int batch = 0; batch < most_batches_a_turn && !ready_.empty(); ++batch) run_ready_batch();
}

void Scheduler::run_ready() {
    const Stay stay(*this);
    run_ready_batch();
}

std::optional<TimePoint> Scheduler::next_turn_at() const noexcept {
    if (timers_.empty()) return std::nullopt;
    return wake_up_time();
}

Scheduler::Stay::Stay(Scheduler& scheduler) noexcept : scheduler_(scheduler) {
    scheduler.outer_ = std::exchange(current_, &scheduler);
    scheduler.meter_.begin_run();
}

Scheduler::Stay::~Stay() {
    const Duration length = scheduler_.meter_.end_run();
    current_ = std::exchange(scheduler_.outer_, nullptr);
    if (current_) current_->meter_.inner_loop_ran(length);
}

// What the loop does with tasks.

void root_ended(TaskRecord& record) noexcept { Scheduler::current().root_ended(record); }

void Scheduler::start(TaskRecord& record, const char* name) {
    record.id = next_id_++;
    record.name = name;
    if (running_) record.waits_for = running_->waits_for;
    if (meter_.is_recording()) report(record, running_ ? running_->id : 0);
    enqueue(record);
}

void Scheduler::interrupt(TaskRecord& record) noexcept {
    if (!record.wait_point || !record.scope->is_cancelled() || !record.wait_point->give_up(record)) return;
    record.cancelled = true;
    make_ready(record);
}

void Scheduler::drop(TaskRecord& record) noexcept {
    if (record.wait_point) {
        record.wait_point->give_up(record);
        record.ListNode<QueueTag>::unlink();
        --waiting_count_;
    } else {
        ready_.remove(record);
    }
    change_state(record, trace::TaskState::done);
    record.root.destroy();
}

void Scheduler::report(const TaskRecord& record, trace::TaskId parent) noexcept {
    const bool stopped_running = running_ == &record && record.state != trace::TaskState::running;
    meter_.record(record, parent, stopped_running, ready_.size(), waiting_count_);
}

TimePoint Scheduler::with_slack(TimePoint deadline) const noexcept {
    using namespace std::chrono_literals;
    constexpr Duration worth_it = 100ms;
    if (timer_slack_.count() == 0 || deadline < now() + worth_it || deadline > TimePoint::max() - timer_slack_)
        return deadline;
    // Deadlines on a grid: many time-outs then share one wake-up.
    const auto since_epoch = deadline.time_since_epoch();
    return deadline + (timer_slack_ - since_epoch % timer_slack_) % timer_slack_;
}

}  // namespace plait::internal
