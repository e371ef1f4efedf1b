#include "plait/batch/method/methods.hpp"

#include "plait/batch/method/async_method.hpp"
#include "plait/batch/method/cluster_method.hpp"
#include "plait/batch/method/processes_method.hpp"
#include "plait/batch/method/sync_method.hpp"
#include "plait/batch/method/threads_method.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace plait::batch {

namespace {

template <class AMethod>
std::unique_ptr<Method> make(MethodOptions options) {
    return std::make_unique<AMethod>(std::move(options));
}

using trace::LaneKind;

// A thread mostly waits, so there may be more of them than processors; each has a stack, a loop and connections of its
// own. Descriptors: a call has its connection; a thread also has a loop (2), and a process its socket and itself.
constexpr std::array all{
    MethodEntry{.name = "async",
                .help = "one event loop makes all calls",
                .scheduling = Scheduling::task,
                .lanes = LaneKind::loop,
                .default_concurrency = 100,
                .descriptors_per_call = 1,
                .make = make<AsyncMethod>},
    MethodEntry{.name = "sync",
                .help = "one call at a time",
                .scheduling = Scheduling::nobody,
                .lanes = LaneKind::caller,
                .default_concurrency = 1,
                .descriptors_per_call = 1,
                .make = make<SyncMethod>},
    MethodEntry{.name = "threads",
                .help = "each of N threads makes one call at a time",
                .scheduling = Scheduling::operating_system,
                .lanes = LaneKind::thread,
                .default_concurrency = 32,
                .descriptors_per_call = 4,
                .make = make<ThreadsMethod>},
    MethodEntry{.name = "processes",
                .help = "each of N processes makes one call at a time",
                .scheduling = Scheduling::operating_system,
                .lanes = LaneKind::process,
                .default_concurrency = one_per_processor,
                .descriptors_per_call = 3,
                .make = make<ProcessesMethod>},
};

}  // namespace

const std::span<const MethodEntry> methods = all;

// The workers have the connections, and decide how many there are.
const MethodEntry cluster_method{.name = "cluster",
                                 .help = "workers on other machines make the calls",
                                 .scheduling = Scheduling::operating_system,
                                 .lanes = LaneKind::worker,
                                 .default_concurrency = 4096,
                                 .descriptors_per_call = 0,
                                 .departure_jitter = cluster::departure_jitter,
                                 .make = make<ClusterMethod>};

std::size_t default_concurrency(const MethodEntry& method) noexcept {
    if (method.default_concurrency != one_per_processor) return method.default_concurrency;
    return std::max(1u, std::thread::hardware_concurrency());
}

std::size_t max_adaptive_concurrency(const MethodEntry& method) noexcept {
    // A call of a loop takes a descriptor and some KiB; the others need a thread or a process each.
    constexpr std::size_t most_of_a_loop = 1000;
    return method.lanes == LaneKind::loop ? most_of_a_loop : default_concurrency(method);
}

const MethodEntry* find_method(std::string_view name) noexcept {
    const auto found = std::find_if(methods.begin(), methods.end(), [name](const auto& m) { return m.name == name; });
    return found == methods.end() ? nullptr : &*found;
}

}  // namespace plait::batch
