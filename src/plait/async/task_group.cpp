#include "plait/async/task_group.hpp"

#include "plait/async/internal/debug_watch.hpp"
#include "plait/base/assert.hpp"

#include <memory>
#include <utility>

namespace plait {

namespace {
bool is_cancellation(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const Cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}
}  // namespace

TaskGroup::TaskGroup() : scheduler_(internal::Scheduler::current()) {
    scope_.scheduler_ = &scheduler_;
    scope_.task_owner_ = this;
    scope_.starter_ = scheduler_.running().id;
    scope_.attach(scheduler_.running().scope);
}

TaskGroup::~TaskGroup() {
    while (!tasks().empty()) {
        internal::TaskRecord& task = tasks().pop_front();
        scheduler_.drop(task);
        delete &task;
    }
}

void TaskGroup::start(Task<void> task, const char* name) {
    auto* record = new internal::TaskRecord(std::move(task).release(), scope_);
    tasks().push_back(*record);
    ++size_;
    scheduler_.start(*record, name);
}

void TaskGroup::task_ended(internal::TaskRecord& record, std::exception_ptr error) noexcept {
    const std::unique_ptr<internal::TaskRecord> ended(&record);
    record.internal::ListNode<internal::SiblingTag>::unlink();
    --size_;
    // A cancellation is no error of its own, unless this group did not cancel the task.
    if (error && !(scope_.is_cancelled() && is_cancellation(error))) {
        if (!first_error_) {
            first_error_ = std::move(error);
            scope_.cancel();
        } else if (scheduler_.meter().debug()) {
            scheduler_.meter().debug()->error_dropped(record, error);
        }
    }
    if (size_ == 0 && joining_) scheduler_.make_ready(*std::exchange(joining_, nullptr));
}

void TaskGroup::JoinAwaiter::await_suspend(std::coroutine_handle<> resume_point) noexcept {
    PLAIT_ASSERT(!group_->joining_, "two tasks join the same group");
    group_->joining_ = &group_->scheduler_.running();
    // The group may be older than the cancelled scope, and lie outside of it.
    if (group_->joining_->scope->is_cancelled()) group_->cancel();
    group_->scheduler_.suspend(resume_point, *this, trace::Wait::tasks);
}

void TaskGroup::JoinAwaiter::await_resume() {
    if (group_->first_error_) std::rethrow_exception(std::exchange(group_->first_error_, nullptr));
    internal::throw_if_cancelled();
}

}  // namespace plait
