#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/async/task.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace plait {

namespace internal {

template <class Argument>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

/// Whether a parameter of this type needs the argument no more once it is made: it is no reference or view of it.
template <class Parameter, class Argument>
inline constexpr bool takes_over =
    is_reference_wrapper<Argument> ||
    (!std::is_reference_v<Parameter> && (std::is_same_v<Parameter, Argument> || std::is_scalar_v<Argument>));

/// Whether a coroutine of this type takes over all its arguments. Of generic ones it is not known.
template <class Function, class... Arguments>
inline constexpr bool takes_over_all = false;
template <class... Parameters, class... Arguments>
    requires(sizeof...(Parameters) == sizeof...(Arguments))
inline constexpr bool takes_over_all<Task<void> (*)(Parameters...), Arguments...> =
    (takes_over<Parameters, Arguments> && ...);

/// A function, or a closure without captures, which turns into one.
template <class Function>
concept PlainFunction = requires(Function function) { requires std::is_pointer_v<decltype(+function)>; };

}  // namespace internal

/// Owns the tasks that it starts: a block that has started some does not go on before they have ended.
///
///     TaskGroup group;
///     for (auto& url : urls) group.start(fetch, std::ref(session), url);
///     co_await group.join();
///
/// The first task that fails cancels the others, and `join` throws its error when all have ended; what the others throw
/// while they are cancelled is dropped (debug mode tells of it), and the group starts no more work. When a block is
/// left without `join`, by an exception, its tasks are dropped where they wait. A group lives inside a task and belongs
/// to it.
class TaskGroup final : private internal::TaskOwner {
  public:
    TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts `function(arguments...)`, which returns a Task<void>. The arguments are moved or copied into the new
    /// task; use `std::ref` for what outlives it. It runs when the calling task next waits.
    template <class Function, class... Arguments>
        requires std::is_invocable_r_v<Task<void>, Function, Arguments...>
    void start(Function function, Arguments... arguments) {
        if constexpr (needs_keeping<Function, Arguments...>()) {
            start(keep(std::move(function), std::move(arguments)...));
        } else {
            start(function(std::move(arguments)...));
        }
    }

    /// Starts `task`; `name`, a string literal, is for traces.
    void start(Task<void> task, const char* name = nullptr);

    /// How many of the tasks have not ended.
    std::size_t size() const noexcept { return size_; }

    /// Cancels the tasks; `join` then waits for their end.
    void cancel() noexcept { scope_.cancel(); }

    class [[nodiscard("awaited, or it does nothing")]] JoinAwaiter : private internal::Waiter {
      public:
        explicit JoinAwaiter(TaskGroup& group) noexcept : group_(&group) {}
        bool await_ready() const noexcept { return group_->size_ == 0; }
        void await_suspend(std::coroutine_handle<> resume_point) noexcept;
        void await_resume();

      private:
        // The wait ends with those of the tasks.
        bool give_up(internal::TaskRecord&) noexcept override {
            group_->cancel();
            return false;
        }
        TaskGroup* group_;
    };

    /// Waits until all tasks have ended; throws the first error of one of them. Not cut short by cancellation, which is
    /// passed on to the tasks; then throws `Cancelled` when they have ended. One task joins a group.
    JoinAwaiter join() noexcept { return JoinAwaiter(*this); }

  private:
    // Closures have to outlive their coroutines, and so have arguments that a coroutine only refers to.
    template <class Function, class... Arguments>
    static constexpr bool needs_keeping() {
        if constexpr (internal::PlainFunction<Function>) {
            return !internal::takes_over_all<decltype(+std::declval<Function&>()), Arguments...>;
        } else {
            return true;
        }
    }
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
