#include "plait/async/internal/waiter.hpp"

#include "plait/async/cancel_scope.hpp"

#include <utility>

namespace plait::internal {

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

}  // namespace plait::internal
