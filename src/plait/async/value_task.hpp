#pragma once

#include "plait/async/task.hpp"

#include <coroutine>
#include <type_traits>
#include <utility>
#include <variant>

namespace plait {

/// A value, or a task that brings it: for what seldom has to wait. A value that is there needs no coroutine, and so no
/// frame. Awaited once, as a task is.
///
///     ValueTask<Line> next() {
///         if (has_line()) return take_line();
///         return read_line();  // a Task<Line>
///     }
template <class T>
class [[nodiscard("awaited, or its task does nothing")]] ValueTask {
  public:
    ValueTask(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : result_(std::move(value)) {}
    ValueTask(Task<T> task) noexcept : result_(std::move(task)) {}

    class Awaiter {
      public:
        explicit Awaiter(ValueTask& awaited) noexcept : awaited_(awaited) {}
        bool await_ready() const noexcept { return std::holds_alternative<T>(awaited_.result_); }
        bool await_suspend(std::coroutine_handle<> awaiting) const { return waiter().await_suspend(awaiting); }
        T await_resume() const {
            if (T* const value = std::get_if<T>(&awaited_.result_)) return std::move(*value);
            return waiter().await_resume();
        }

      private:
        typename Task<T>::Awaiter waiter() const {
            return std::move(std::get<Task<T>>(awaited_.result_)).operator co_await();
        }
        ValueTask& awaited_;
    };

    Awaiter operator co_await() && noexcept { return Awaiter(*this); }

  private:
    std::variant<T, Task<T>> result_;
};

}  // namespace plait
