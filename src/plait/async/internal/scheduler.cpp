#include "plait/async/internal/scheduler.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/dump.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace plait::internal {

trace::Activity activity_of(const TaskRecord& task) noexcept {
    switch (task.state) {
        case trace::TaskState::running:
            return trace::Activity::running;
        case trace::TaskState::waiting:
            return task.waits_for == trace::Activity::other ? trace::activity_of(task.wait) : task.waits_for;
        default:
            return trace::Activity::ready;
    }
}

void root_ended(TaskRecord& record) noexcept { Scheduler::current().root_ended(record); }

void throw_if_cancelled() {
    if (Scheduler::current().running().scope->is_cancelled()) throw Cancelled();
}

bool Waiter::begin_wait(std::coroutine_handle<> resume_point, trace::Wait wait) noexcept {
    Scheduler& scheduler = Scheduler::current();
    TaskRecord& task = scheduler.running();
    if (task.scope->is_cancelled()) {
        task.cancelled = true;
        return false;
    }
    scheduler.suspend(resume_point, *this, wait);
    return true;
}

void Waiter::end_wait() {
    TaskRecord& task = Scheduler::current().running();
    if (std::exchange(task.cancelled, false)) [[unlikely]]
        throw Cancelled();
}

Scheduler::Scheduler(const Options& options)
    : recorder_(options.recorder),
      now_(options.clock->now()),
      stamp_(now_),
      clock_(*options.clock),
      timer_slack_(options.timer_slack),
      shuffle_state_(options.shuffle_seed),
      debug_(options.debug),
      poller_(std::make_shared<Poller>()),
      inbox_(std::make_shared<Inbox>()) {
    poller_->add(inbox_->wake_fd(), nullptr);
}

Scheduler::~Scheduler() { inbox_->close(); }

void Scheduler::start(TaskRecord& record, const char* name) {
    record.id = next_id_++;
    record.name = name;
    if (running_) record.waits_for = running_->waits_for;
    if (recorder_) report(record, running_ ? running_->id : 0);
    ++ready_count_;
    change_state(record, trace::TaskState::ready);
    ready_.push_back(record);
}

void Scheduler::interrupt(TaskRecord& record) noexcept {
    if (!record.wait_point || !record.scope->is_cancelled() || !record.wait_point->give_up(record)) return;
    record.cancelled = true;
    make_ready(record);
}

void Scheduler::drop(TaskRecord& record) noexcept {
    if (record.wait_point) {
        record.wait_point->give_up(record);
        --waiting_count_;
    } else {
        --ready_count_;
    }
    record.ListNode<QueueTag>::unlink();
    change_state(record, trace::TaskState::done);
    record.root.destroy();
}

void Scheduler::report(const TaskRecord& record, trace::TaskId parent) noexcept {
    // The clock is read when a task stops running, and when the kernel wakes the loop. What happens until the next of
    // these is taken to happen at that time.
    if (was_running(record) || std::exchange(woke_up_, false)) stamp_ = clock_.now();
    if (std::exchange(is_asleep_, false)) time_was_waited();  // the first to be woken tells how long all have waited
    trace::TaskEvent event;
    event.when = std::max(stamp_, now_);
    event.task = record.id;
    event.parent = parent;
    event.state = record.state;
    event.activity = activity_of(record);
    if (record.state == trace::TaskState::waiting) event.wait = record.wait;
    if (record.state == trace::TaskState::created) event.name = record.name;
    event.ready = static_cast<std::uint32_t>(ready_count_);
    event.waiting = static_cast<std::uint32_t>(waiting_count_);
    recorder_->record(event);
}

TimePoint Scheduler::with_slack(TimePoint deadline) const noexcept {
    using namespace std::chrono_literals;
    constexpr Duration worth_it = 100ms;
    if (timer_slack_.count() == 0 || deadline < now_ + worth_it || deadline > TimePoint::max() - timer_slack_)
        return deadline;
    // Deadlines on a grid: many time-outs then share one wake-up.
    const auto since_epoch = deadline.time_since_epoch();
    return deadline + (timer_slack_ - since_epoch % timer_slack_) % timer_slack_;
}

void Scheduler::run_until(const bool& done) {
    outer_ = std::exchange(current_, this);
    now_ = clock_.now();
    run_began_ = now_;
    is_in_run_ = true;
    looked_at_timers_ = now_;
    catches_up_until_.reset();
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
    is_in_run_ = false;
    in_runs_ += now_ - run_began_;
    current_ = std::exchange(outer_, nullptr);
    if (current_) current_->in_inner_loops_ += now_ - run_began_;
}

void Scheduler::for_each_task(const std::function<void(TaskRecord&, trace::TaskId)>& visit) const {
    std::vector<CancelScope*> scopes;
    if (main_scope_) scopes.push_back(main_scope_);
    while (!scopes.empty()) {
        CancelScope& scope = *scopes.back();
        scopes.pop_back();
        if (scope.task_owner_) {
            scope.task_owner_->tasks().for_each([&](TaskRecord& task) { visit(task, scope.starter_); });
        }
        for (CancelScope* child = scope.first_child_; child; child = child->next_sibling_) scopes.push_back(child);
    }
}

bool Scheduler::is_cancelled(const TaskRecord& task) const noexcept { return task.scope->is_cancelled(); }

std::optional<TimePoint> Scheduler::gives_up_at(const TaskRecord& task) const noexcept {
    std::optional<TimePoint> first;
    for (const CancelScope* scope = task.scope; scope; scope = scope->shielded_ ? nullptr : scope->parent_) {
        if (scope->is_armed() && (!first || deadline_of(*scope) < *first)) first = deadline_of(*scope);
    }
    return first;
}

void Scheduler::run_ready_batch() {
    const std::size_t limit = shuffle_state_ ? shuffle_ready() : batch_limit;
    int untimed = 0;
    for (std::size_t i = 0; i < limit && !ready_.empty(); ++i) {
        resume(ready_.pop_front());
        if (++untimed == timed_together) {
            look_at_clock();
            untimed = 0;
        }
    }
    if (untimed) look_at_clock();
}

void Scheduler::resume(TaskRecord& record) {
    running_ = &record;
    budget_ = operations_a_run;
    --ready_count_;
    ++switches_;
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

// A shuffled batch shows code that depends on the order in which tasks run. Gives the size of the batch: what becomes
// ready meanwhile is shuffled into the next.
std::size_t Scheduler::shuffle_ready() {
    std::vector<TaskRecord*> batch;
    while (!ready_.empty()) batch.push_back(&ready_.pop_front());
    for (std::size_t i = batch.size(); i > 1; --i) {
        shuffle_state_ ^= shuffle_state_ << 13;
        shuffle_state_ ^= shuffle_state_ >> 7;
        shuffle_state_ ^= shuffle_state_ << 17;
        std::swap(batch[i - 1], batch[shuffle_state_ % i]);
    }
    for (TaskRecord* record : batch) ready_.push_back(*record);
    return batch.size();
}

void Scheduler::look_at_clock() noexcept {
    const TimePoint now = clock_.now();
    longest_run_ = std::max(longest_run_, now - now_);
    now_ = now;
}

void Scheduler::fire_due_timers() {
    const TimePoint before = std::exchange(looked_at_timers_, now_);
    if (timers_.empty() || timers_.next_deadline() > now_) {
        // What was due may have been cancelled by what came: nothing is to be caught up with any more.
        catches_up_until_.reset();
        return;
    }
    if (must_catch_up(before)) return;
    while (Timer* timer = timers_.pop_due(now_)) timer->fire();
}

// A loop that is late stood still: its process was stopped, its machine slept, or a task kept it. What a task waits for
// may have come in time, and is only not taken in yet, so first the ready tasks run, and what they make ready, and the
// threads and processes that work for them have a moment. Only then is a timer believed. All that takes no longer than
// the loop is late, so that one with too much to do still has time-outs.
bool Scheduler::must_catch_up(TimePoint looked_before) noexcept {
    using namespace std::chrono_literals;
    constexpr Duration late = 50ms;
    constexpr Duration longest = 1s;
    if (!catches_up_until_) {
        const Duration lateness = now_ - std::max(timers_.next_deadline(), looked_before);
        if (lateness < late) return false;
        catches_up_until_ = after(std::min(lateness, longest));
        waited_in_vain_ = false;
        return true;
    }
    const bool something_may_come = !ready_.empty() || (outside_work_ > 0 && !waited_in_vain_);
    if (something_may_come && now_ < *catches_up_until_) return true;
    catches_up_until_.reset();
    return false;
}

void Scheduler::poll_events() {
    inbox_->deliver();
    if (descriptor_waits_ > 0) poller_->wait(Duration::zero());
}

void Scheduler::wait_for_events() {
    if (inbox_->has_calls()) {
        now_ = clock_.now();  // or calls that follow each other without a pause would hold up the timers
        return poll_events();
    }
    std::optional<Duration> timeout;
    const bool only_time_passes = descriptor_waits_ == 0 && outside_work_ == 0;
    if (!timers_.empty()) {
        TimePoint deadline = timers_.next_deadline();
        if (catches_up_until_ && outside_work_ > 0) deadline = *catches_up_until_;
        if (deadline <= now_) return poll_events();
        if (only_time_passes && clock_.jump_to(deadline)) return time_was_waited();
        timeout = deadline - now_;
    } else {
        if (only_time_passes && inbox_.use_count() == 1) stop_at_deadlock();
    }
    is_asleep_ = true;
    if (inbox_->prepare_to_sleep()) {
        const std::uint64_t told = poller_->told();
        woke_up_ = true;
        const bool woken = poller_->wait(timeout);
        woke_up_ = false;
        inbox_->woke_up();
        if (woken) inbox_->drain_wake_fd();
        waited_in_vain_ = poller_->told() == told && !inbox_->has_calls();
    }
    if (std::exchange(is_asleep_, false)) time_was_waited();
    inbox_->deliver();
}

void Scheduler::time_was_waited() noexcept {
    const TimePoint now = clock_.now();
    waited_ += now - now_;
    now_ = now;
}

void Scheduler::stop_at_deadlock() const {
    std::fputs(dump().c_str(), stderr);
    PLAIT_ASSERT(ready_count_ > 0, "deadlock: every task of this loop waits for another one");
}

}  // namespace plait::internal
