#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/status_request.hpp"
#include "plait/batch/method/stop_request.hpp"
#include "plait/http/session.hpp"
#include "plait/trace/trace_file.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace plait::batch {

/// What a method is made with.
class MethodOptions {
  public:
    MethodOptions() {}

    http::SessionOptions session;
    /// Attempts at a time; for threads and processes, how many of them.
    std::size_t concurrency = 1;
    /// For a method that blocks the loop: when to give up. Outlives the method; null: never.
    const StopRequest* stop = nullptr;
    Duration grace{};
    /// For a method that blocks the loop: who wants to know how things stand. Outlives the method; null: nobody.
    StatusRequest* status = nullptr;
    /// Learns who makes the calls, and what they take: that of the calls' runner. Outlives the method; null: nothing.
    trace::TraceFile* trace = nullptr;
};

/// Who decides when one attempt stops and another one goes on.
enum class Scheduling {
    nobody,            ///< one attempt runs to its end, then the next
    operating_system,  ///< it divides the processors among threads or processes, one for each attempt
    task,              ///< the attempt itself, where it waits
};

/// A concurrency: as many as there are processors.
inline constexpr std::size_t one_per_processor = 0;

/// A method by its name, and how it is made.
struct MethodEntry {
    std::string_view name;
    std::string_view help;
    Scheduling switcher;
    /// Where its calls stand in a trace.
    trace::LaneKind lanes;
    /// The concurrency when nobody says; perhaps `one_per_processor`. See `default_concurrency`.
    std::size_t default_concurrency;
    /// Descriptors of this process for each call in flight.
    std::size_t descriptors_per_call;
    /// Throws `Error` when it can't be made. Before the program has started any thread.
    std::unique_ptr<Method> (*make)(MethodOptions options);
};

/// All methods; the first is the default.
extern const std::array<MethodEntry, 4> methods;

/// The concurrency of a method when nobody says, on this machine.
std::size_t default_concurrency(const MethodEntry& method) noexcept;

/// The most calls in flight on this machine where their number finds itself.
std::size_t max_adaptive_concurrency(const MethodEntry& method) noexcept;

/// The method of this name; null without.
const MethodEntry* find_method(std::string_view name) noexcept;

}  // namespace plait::batch
