#pragma once

#include "plait/base/error.hpp"
#include "plait/workers/internal/serialise.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace plait::internal {

/// A function whose type only its `Perform` knows.
using AnyFunction = void (*)();

/// Calls a function with arguments that are bytes; gives its result as bytes.
using Perform = std::string (*)(AnyFunction function, std::string_view arguments);

/// A job on its way to a worker process. A worker is a fork without exec, so addresses of functions are the same there.
struct ProcessJob {
    ProcessJob(Perform how, AnyFunction what, std::string with)
        : perform(how), function(what), arguments(std::move(with)) {}

    Perform perform;
    AnyFunction function;
    std::string arguments;
};

template <class Result, class... Parameters>
using FreeFunction = Result (*)(Parameters...);

template <class Result, class... Parameters>
std::string perform(AnyFunction function, std::string_view arguments) {
    const auto call = reinterpret_cast<FreeFunction<Result, Parameters...>>(function);
    auto values = from_bytes<std::tuple<std::decay_t<Parameters>...>>(arguments);
    // As the parameter asks for it: a copy that is moved from, or a reference to it.
    const auto call_with = [&](auto&... value) -> Result { return call(static_cast<Parameters&&>(value)...); };
    if constexpr (std::is_void_v<Result>) {
        std::apply(call_with, values);
        return {};
    } else {
        return to_bytes(std::apply(call_with, values));
    }
}

template <class Result, class... Parameters>
ProcessJob make_process_job(FreeFunction<Result, Parameters...> function,
                            const std::decay_t<Parameters>&... arguments) {
    static_assert(!std::is_reference_v<Result> && !std::is_pointer_v<Result>, "a result crosses processes as a value");
    static_assert(
        ((!std::is_lvalue_reference_v<Parameters> || std::is_const_v<std::remove_reference_t<Parameters>>)&&...),
        "what a job does to its arguments stays in its process: take them by value or by const reference");
    static_assert((!std::is_pointer_v<std::decay_t<Parameters>> && ...),
                  "what a pointer points to is not in the other process");
    return ProcessJob(&perform<Result, Parameters...>, reinterpret_cast<AnyFunction>(function),
                      to_bytes(std::tie(arguments...)));
}

template <class Result>
Result result_from_bytes(std::string_view bytes) {
    if constexpr (!std::is_void_v<Result>) return from_bytes<Result>(bytes);
}

}  // namespace plait::internal
