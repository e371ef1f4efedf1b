#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace plait::batch {

/// Who decides when one attempt pauses and another one goes on.
enum class Scheduling {
    nobody,            ///< one attempt runs to its end, then the next
    operating_system,  ///< it divides the processors among threads or processes, one for each attempt
    task,              ///< the attempt itself, where it waits
};

/// A concurrency that equals the number of processors.
inline constexpr std::size_t one_per_processor = 0;

/// A method, and how it is made.
struct MethodEntry {
    std::string_view name;
    std::string_view help;
    Scheduling scheduling;
    /// The kind of lane in a trace that shows its calls.
    trace::LaneKind lanes;
    /// The concurrency if none is given, or `one_per_processor`. See the function of this name.
    std::size_t default_concurrency;
    /// Open files that each call in flight takes in this process.
    std::size_t descriptors_per_call;
    /// The most time between the permit of an attempt and its departure; the windows of limits are that much longer.
    Duration departure_jitter{};
    /// Makes the method. Throws `Error` if that fails. Before the program has started any thread, because `processes`
    /// forks.
    std::unique_ptr<Method> (*make)(MethodOptions options);
};

/// All methods; the first is the default. Another one needs a class like `AsyncMethod`, and an entry in methods.cpp.
extern const std::span<const MethodEntry> methods;

/// The method of a run with `RunOptions::cluster`: workers on other machines make the attempts.
extern const MethodEntry cluster_method;

/// Returns the concurrency of a method on this machine if none is given.
std::size_t default_concurrency(const MethodEntry& method) noexcept;

/// Returns the most calls in flight on this machine with adaptive concurrency.
std::size_t max_adaptive_concurrency(const MethodEntry& method) noexcept;

/// Returns the method of this name; null if there is none.
const MethodEntry* find_method(std::string_view name) noexcept;

}  // namespace plait::batch
