#pragma once

#include "plait/async/parts/internal/frame_memory.hpp"
#include "plait/base/assert.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace plait {

template <class T = void>
class Task;

namespace internal {

class TaskRecord;

/// Called when the coroutine at the root of `record` has ended; destroys the coroutine's frame.
void root_ended(TaskRecord& record) noexcept;

/// What continues when a coroutine ends: the coroutine that awaits it, or, for the root of a started task, its record.
class Continuation {
  public:
    Continuation() noexcept = default;
    explicit Continuation(std::coroutine_handle<> awaiting) noexcept
        : bits_(reinterpret_cast<std::uintptr_t>(awaiting.address())) {}
    explicit Continuation(TaskRecord& record) noexcept
        : bits_(reinterpret_cast<std::uintptr_t>(&record) | record_tag) {}

    std::coroutine_handle<> resume_later() const noexcept {
        if (bits_ & record_tag) {
            root_ended(*reinterpret_cast<TaskRecord*>(bits_ & ~record_tag));
            return std::noop_coroutine();
        }
        return std::coroutine_handle<>::from_address(reinterpret_cast<void*>(bits_));
    }

  private:
    static constexpr std::uintptr_t record_tag = 1;  // frames and records are aligned to more than one byte
    std::uintptr_t bits_ = 0;
};

class PromiseBase {
  public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
            PromiseBase& promise = ended.promise();
            // Still inside the awaiting coroutine's await_suspend: that one continues by itself. So a loop of awaits
            // that end at once needs no tail call, which g++ does not make without optimisation.
            if (promise.starting_) {
                promise.starting_ = false;
                return std::noop_coroutine();
            }
            return promise.continuation_.resume_later();
        }
        void await_resume() const noexcept {}
    };
    FinalAwaiter final_suspend() const noexcept { return {}; }

    /// Runs the coroutine up to its first wait; true when it waits, false when it has ended.
    bool start(std::coroutine_handle<> self, std::coroutine_handle<> awaiting) {
        continuation_ = Continuation(awaiting);
        starting_ = true;
        self.resume();
        return std::exchange(starting_, false);
    }

    void set_root_of(TaskRecord& record) noexcept { continuation_ = Continuation(record); }

  private:
    Continuation continuation_;

  protected:
    enum class Result : std::uint8_t { none, value, exception };
    bool starting_ = false;
    Result result_ = Result::none;
};

template <class T>
class Promise final : public PromiseBase {
  public:
    Promise() noexcept {}
    ~Promise() {
        if (result_ == Result::value) std::destroy_at(std::addressof(value_));
        if (result_ == Result::exception) std::destroy_at(std::addressof(exception_));
    }

    Task<T> get_return_object() noexcept;

    template <class Value = T>
        requires std::constructible_from<T, Value&&>
    void return_value(Value&& value) noexcept(std::is_nothrow_constructible_v<T, Value&&>) {
        std::construct_at(std::addressof(value_), std::forward<Value>(value));
        result_ = Result::value;
    }
    void unhandled_exception() noexcept {
        std::construct_at(std::addressof(exception_), std::current_exception());
        result_ = Result::exception;
    }

    T take() {
        if (result_ == Result::exception) std::rethrow_exception(std::exchange(exception_, nullptr));
        PLAIT_ASSERT(result_ == Result::value, "the result of a task that has not ended");
        return std::move(value_);
    }
    std::exception_ptr exception() const noexcept { return result_ == Result::exception ? exception_ : nullptr; }

  private:
    union {
        T value_;
        std::exception_ptr exception_;
    };
};

template <>
class Promise<void> final : public PromiseBase {
  public:
    Task<void> get_return_object() noexcept;
    void return_void() noexcept { result_ = Result::value; }
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    void take() {
        if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    }
    std::exception_ptr exception() const noexcept { return exception_; }

  private:
    std::exception_ptr exception_;
};

}  // namespace internal

/// A piece of work that may wait, and its result: the return type of a coroutine.
///
/// Lazy: it starts when it is awaited (`co_await std::move(task)`), started by a `TaskGroup`, or run by `run(task)`. It
/// is awaited once. Destroying a task that waits ends its wait, and destroys its local variables in the usual order.
template <class T>
class [[nodiscard("a task does nothing until it is awaited")]] Task {
  public:
    using value_type = T;
    using promise_type = internal::Promise<T>;

    Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (coroutine_) coroutine_.destroy();
            coroutine_ = std::exchange(other.coroutine_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (coroutine_) coroutine_.destroy();
    }

    class Awaiter {
      public:
        explicit Awaiter(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> awaiting) const {
            return coroutine_.promise().start(coroutine_, awaiting);
        }
        T await_resume() const { return coroutine_.promise().take(); }

      private:
        std::coroutine_handle<promise_type> coroutine_;
    };

    /// Runs the task within the awaiting one. Returns its value, or throws what it threw.
    Awaiter operator co_await() && noexcept {
        PLAIT_ASSERT(coroutine_, "a task is awaited once");
        return Awaiter(coroutine_);
    }

    /// Blocks until the task has ended, where there is no loop. Returns its value or throws what it threw, as
    /// `run(task)` does. Needs "plait/async/event_loop.hpp".
    T get() &&;

    /// Returns the coroutine, which is now the caller's to resume and destroy.
    std::coroutine_handle<promise_type> release() && noexcept { return std::exchange(coroutine_, nullptr); }

  private:
    friend promise_type;
    explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

namespace internal {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace internal
}  // namespace plait
