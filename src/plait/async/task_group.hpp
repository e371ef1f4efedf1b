#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/internal/started_function.hpp"
#include "plait/async/internal/waiter.hpp"
#include "plait/async/task.hpp"

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace plait {

/// Owns the tasks that it starts: the block around it is not left before they have ended.
///
///     TaskGroup group;
///     for (auto& url : urls) group.start(fetch, std::ref(session), url);
///     co_await group.join();
///
/// The first task that fails cancels the others, and `join` throws its error when all have ended. Later errors are
/// dropped; debug mode warns of them. A block that is left without `join`, by an exception, drops its tasks where they
/// wait. A group belongs to the task that made it. For tasks with values see `gather` and `Channel`.
class TaskGroup final : private internal::TaskOwner {
  public:
    TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts `function(arguments...)`, which returns a Task<void>. The arguments are moved or copied into the new
    /// task; use `std::ref` for what outlives it. It runs when the calling task next waits.
    ///
    /// After a failure or `cancel()` a task is still started, already cancelled: it runs up to its first wait, which
    /// throws `Cancelled`.
    template <class Function, class... Arguments>
        requires std::is_invocable_r_v<Task<void>, Function, Arguments...>
    void start(Function function, Arguments... arguments) {
        if constexpr (internal::needs_keeping<Function, Arguments...>()) {
            start(keep(std::move(function), std::move(arguments)...));
        } else {
            start(function(std::move(arguments)...));
        }
    }

    /// Starts `task`, as above. `name`, a string literal, appears in traces.
    void start(Task<void> task, const char* name = nullptr);

    /// The number of tasks that have not ended.
    std::size_t size() const noexcept { return size_; }

    /// Cancels the tasks, also those that are started later; `join` waits for their end.
    void cancel() noexcept { scope_.cancel(); }

    class [[nodiscard("awaited, or it does nothing")]] JoinAwaiter : private internal::Waiter {
      public:
        explicit JoinAwaiter(TaskGroup& group) noexcept : group_(&group) {}
        bool await_ready() const noexcept { return group_->size_ == 0; }
        void await_suspend(std::coroutine_handle<> resume_point) noexcept;
        void await_resume();

      private:
        // The wait ends when the tasks' waits have ended.
        bool give_up(internal::TaskRecord&) noexcept override {
            group_->cancel();
            return false;
        }
        TaskGroup* group_;
    };

    /// Waits until all tasks have ended, and throws the first error of one of them. A cancellation does not cut it
    /// short: it is passed on to the tasks, and `Cancelled` is thrown when they have ended. One task joins a group.
    JoinAwaiter join() noexcept { return JoinAwaiter(*this); }

  private:
    // Closures have to outlive their coroutines, and so have arguments that a coroutine only refers to.
    template <class Function, class... Arguments>
    static Task<void> keep(Function function, Arguments... arguments) {
        co_await function(std::move(arguments)...);
    }
    void task_ended(internal::TaskRecord& record, std::exception_ptr error) noexcept override;

    internal::Scheduler& scheduler_;
    CancelScope scope_;
    std::size_t size_ = 0;
    internal::TaskRecord* joining_ = nullptr;
    std::exception_ptr first_error_;
};

}  // namespace plait
