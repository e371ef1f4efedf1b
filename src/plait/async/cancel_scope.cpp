#include "plait/async/cancel_scope.hpp"

#include "plait/base/assert.hpp"

namespace plait {

CancelScope::~CancelScope() {
    PLAIT_ASSERT(!first_child_, "a task group outlives the scope in which it was made");
    detach();
}

void CancelScope::enter() {
    PLAIT_ASSERT(!scheduler_, "a scope is run once");
    scheduler_ = &internal::Scheduler::current();
    if (deadline_) scheduler_->arm(*this, *deadline_);  // first, because it may throw
    inside_ = &scheduler_->running();
    attach(inside_->scope);
    inside_->scope = this;
}

void CancelScope::leave() noexcept {
    scheduler_->disarm(*this);
    inside_->scope = parent_;
    inside_ = nullptr;
    detach();  // now: the scope around it may end first
}

void CancelScope::attach(CancelScope* parent) noexcept {
    parent_ = parent;
    if (asked_ || (parent->cancelled_ && !shielded_)) cancelled_ = true;
    next_sibling_ = parent->first_child_;
    if (next_sibling_) next_sibling_->link_to_this_ = &next_sibling_;
    link_to_this_ = &parent->first_child_;
    parent->first_child_ = this;
}

void CancelScope::detach() noexcept {
    if (!link_to_this_) return;
    *link_to_this_ = next_sibling_;
    if (next_sibling_) next_sibling_->link_to_this_ = link_to_this_;
    link_to_this_ = nullptr;
}

void CancelScope::cancel() noexcept {
    if (asked_) return;
    asked_ = true;
    spread();
}

void CancelScope::spread() noexcept {
    if (cancelled_) return;
    cancelled_ = true;
    if (!scheduler_) return;
    if (inside_) scheduler_->interrupt(*inside_);
    if (task_owner_) task_owner_->tasks().for_each([this](internal::TaskRecord& task) { scheduler_->interrupt(task); });
    for (CancelScope* child = first_child_; child; child = child->next_sibling_) {
        if (!child->shielded_) child->spread();
    }
}

}  // namespace plait
