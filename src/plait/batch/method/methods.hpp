#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/status_request.hpp"
#include "plait/batch/method/stop_request.hpp"
#include "plait/cluster/relay/cluster_options.hpp"
#include "plait/http/session.hpp"
#include "plait/trace/trace_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// The call that an attempt belongs to, as far as a later run needs to know it.
class AttemptOwner {
  public:
    AttemptOwner() {}

    /// What a later run takes the attempt over by: the custom_id. Empty if the later run can do without the attempt.
    std::string name() const { return is_first ? unsafe_call : std::string(); }

    /// The custom_id of a call that must not be made twice. Empty: it may be.
    std::string unsafe_call;
    /// Whether this is the first request of the call, or that again: not a page, nor where a redirect led to.
    bool is_first = false;
    /// Whether the request may be sent again although the call must not be made twice, as the GET after a 303.
    bool may_repeat = false;
    std::uint64_t line = 0;
};

/// The options of a method.
class MethodOptions {
  public:
    MethodOptions() {}

    http::SessionOptions session;
    /// The most attempts at a time; for threads and processes, their number.
    std::size_t concurrency = 1;
    /// For a method that blocks the loop: tells it to give up. Outlives the method; null: never.
    const StopRequest* stop = nullptr;
    Duration grace{};
    /// For a method that blocks the loop: asks it for the status. Outlives the method; null: never.
    StatusRequest* status = nullptr;
    /// Records what attempts do on threads and in processes; the same as the runner's. Outlives the method; null: no
    /// trace.
    trace::TraceFile* trace = nullptr;

    // For the cluster.

    std::optional<cluster::ClusterOptions> cluster;
    /// Identifies the run, and counts its coordinators.
    std::string run_id;
    std::uint64_t epoch = 1;
    /// Whether attempts must leave soon after their permit, because the run has rate limits.
    bool has_limits = false;
    /// Returns whose attempt a request is. Empty: that of a call that may be made twice.
    std::function<AttemptOwner(const Call& call, const http::Request& request)> owner_of;
    /// Called with each warning, a sentence.
    std::function<void(const std::string& sentence)> warn;
};

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

/// All methods; the first is the default.
extern const std::array<MethodEntry, 4> methods;

/// The method of a run with `RunOptions::cluster`: workers on other machines make the attempts.
extern const MethodEntry cluster_method;

/// Returns the concurrency of a method on this machine if none is given.
std::size_t default_concurrency(const MethodEntry& method) noexcept;

/// Returns the most calls in flight on this machine with adaptive concurrency.
std::size_t max_adaptive_concurrency(const MethodEntry& method) noexcept;

/// Returns the method of this name; null if there is none.
const MethodEntry* find_method(std::string_view name) noexcept;

}  // namespace plait::batch
