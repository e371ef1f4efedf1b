#include "plait/async/internal/task_tree.hpp"

#include "plait/async/cancel_scope.hpp"

#include <vector>

namespace plait::internal {

void TaskTree::for_each_task(const std::function<void(TaskRecord&, trace::TaskId)>& visit) const {
    std::vector<CancelScope*> scopes;
    if (CancelScope* const main = scheduler_.main_scope()) scopes.push_back(main);
    while (!scopes.empty()) {
        CancelScope& scope = *scopes.back();
        scopes.pop_back();
        if (scope.task_owner_) {
            scope.task_owner_->tasks().for_each([&](TaskRecord& task) { visit(task, scope.starter_); });
        }
        for (CancelScope* child = scope.first_child_; child; child = child->next_sibling_) scopes.push_back(child);
    }
}

bool TaskTree::is_cancelled(const TaskRecord& task) noexcept { return task.scope->is_cancelled(); }

std::optional<TimePoint> TaskTree::gives_up_at(const TaskRecord& task) const noexcept {
    std::optional<TimePoint> first;
    for (const CancelScope* scope = task.scope; scope; scope = scope->shielded_ ? nullptr : scope->parent_) {
        if (!scope->is_armed()) continue;
        const TimePoint deadline = scheduler_.deadline_of(*scope);
        if (!first || deadline < *first) first = deadline;
    }
    return first;
}

}  // namespace plait::internal
