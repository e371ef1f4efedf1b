#include "plait/async/hosted_loop.hpp"

#include "plait/async/internal/debug_watch.hpp"
#include "plait/base/assert.hpp"

#include <memory>
#include <utility>

namespace plait {

HostedLoop::HostedLoop(const EventLoopOptions& options)
    : debug_watch_(options.debug ? std::make_unique<internal::DebugWatch>(*options.debug, options.recorder) : nullptr),
      scheduler_({options.clock, debug_watch_ ? debug_watch_.get() : options.recorder, options.timer_slack,
                  options.shuffle_seed, debug_watch_.get()}),
      timer_(*scheduler_.poller(), *options.clock) {
    if (debug_watch_) debug_watch_->watch(scheduler_);
    scope_.scheduler_ = &scheduler_;
    scope_.task_owner_ = this;
    scheduler_.set_main_scope(&scope_);
    scheduler_.inbox()->prepare_to_sleep();  // or threads that post before the first turn would wake nobody
}

HostedLoop::~HostedLoop() { drop_all(); }

void HostedLoop::start(Task<void> task, const char* name) {
    auto* record = new internal::TaskRecord(std::move(task).release(), scope_);
    tasks().push_back(*record);
    ++size_;
    scheduler_.start(*record, name);
}

void HostedLoop::turn() {
    PLAIT_ASSERT(!is_in_turn(), "a turn within a turn of the same loop");
    scheduler_.turn();
    see_to_next_turn();
}

void HostedLoop::run_ready() {
    PLAIT_ASSERT(!is_in_turn(), "a turn within a turn of the same loop");
    scheduler_.run_ready();
    see_to_next_turn();
}

void HostedLoop::see_to_next_turn() {
    internal::Inbox& inbox = *scheduler_.inbox();
    if (!inbox.prepare_to_sleep() || scheduler_.ready_count() > 0) inbox.wake_up();
    if (const auto time = scheduler_.next_turn_at()) timer_.wake_at(*time);
    if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
}

void HostedLoop::cancel(CancelScope& scope) noexcept {
    if (is_in_turn()) return scope.cancel();
    const internal::Scheduler::Stay stay(scheduler_);
    scope.cancel();
}

void HostedLoop::drop_all() noexcept {
    PLAIT_ASSERT(!is_in_turn(), "a task drops the tasks of its own loop");
    const internal::Scheduler::Stay stay(scheduler_);
    while (!tasks().empty()) {
        const std::unique_ptr<internal::TaskRecord> task(&tasks().pop_front());
        --size_;
        scheduler_.drop(*task);
    }
}

void HostedLoop::task_ended(internal::TaskRecord& record, std::exception_ptr error) noexcept {
    const std::unique_ptr<internal::TaskRecord> ended(&record);
    record.internal::ListNode<internal::SiblingTag>::unlink();
    --size_;
    if (!first_error_) first_error_ = std::move(error);
}

}  // namespace plait
