#pragma once

#include "plait/async/task.hpp"

#include <functional>
#include <type_traits>
#include <utility>

namespace plait::internal {

// Whether a function that starts a task may be called at once, or needs a coroutine around it that keeps the function
// and its arguments alive.

template <class Argument>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

/// Whether a parameter of this type is independent of its argument once it is made: it is not a reference to it or a
/// view of it.
template <class Parameter, class Argument>
inline constexpr bool takes_over =
    is_reference_wrapper<Argument> ||
    (!std::is_reference_v<Parameter> && (std::is_same_v<Parameter, Argument> || std::is_scalar_v<Argument>));

/// Whether a coroutine of this type takes over all its arguments. For generic ones this is unknown.
template <class Function, class... Arguments>
inline constexpr bool takes_over_all = false;
template <class... Parameters, class... Arguments>
    requires(sizeof...(Parameters) == sizeof...(Arguments))
inline constexpr bool takes_over_all<Task<void> (*)(Parameters...), Arguments...> =
    (takes_over<Parameters, Arguments> && ...);

/// A function, or a closure without captures, which turns into one.
template <class Function>
concept PlainFunction = requires(Function function) { requires std::is_pointer_v<decltype(+function)>; };

/// Whether the task of `function(arguments...)` refers to the function object or to an argument.
template <class Function, class... Arguments>
constexpr bool needs_keeping() {
    if constexpr (PlainFunction<Function>) {
        return !takes_over_all<decltype(+std::declval<Function&>()), Arguments...>;
    } else {
        return true;
    }
}

}  // namespace plait::internal
