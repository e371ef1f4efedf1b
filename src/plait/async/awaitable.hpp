#pragma once

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

namespace plait {

namespace internal {

template <class Waiter>
concept HasAwaiterParts = requires(Waiter waiter) {
    { waiter.await_ready() } -> std::convertible_to<bool>;
    waiter.await_resume();
};

template <class Work>
decltype(auto) awaiter_of(Work&& work) {
    if constexpr (requires { std::forward<Work>(work).operator co_await(); }) {
        return std::forward<Work>(work).operator co_await();
    } else {
        return std::forward<Work>(work);
    }
}

}  // namespace internal

/// Something that can be awaited: a `Task`, or what the operations of this module return.
template <class Work>
concept Awaitable = requires(Work work) {
    { internal::awaiter_of(std::move(work)) } -> internal::HasAwaiterParts;
};

/// The type of the result of awaiting a `Work`.
template <Awaitable Work>
using AwaitResult = decltype(internal::awaiter_of(std::declval<Work>()).await_resume());

/// The result of a `Work` that may be given up: an optional value, or whether it was done.
template <Awaitable Work>
using OptionalResult = std::conditional_t<std::is_void_v<AwaitResult<Work>>, bool, std::optional<AwaitResult<Work>>>;

}  // namespace plait
