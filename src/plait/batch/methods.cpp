#include "plait/batch/methods.hpp"

#include "plait/batch/async_method.hpp"
#include "plait/batch/processes_method.hpp"
#include "plait/batch/sync_method.hpp"
#include "plait/batch/threads_method.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace plait::batch {

namespace {

template <class AMethod>
std::unique_ptr<Method> make(MethodOptions options) {
    return std::make_unique<AMethod>(std::move(options));
}

// Descriptors: a thread has a loop of its own (2), and an attempt to connect may try two addresses.

std::size_t one() { return 1; }
std::size_t in_flight() { return 100; }
// A thread mostly waits, so there may be more of them than processors; each has a stack and connections of its own.
std::size_t blocking_threads() { return 32; }

std::size_t processors() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace

const std::array<MethodEntry, 4> methods{{
    {"async", "one event loop makes all calls", in_flight, 1, make<AsyncMethod>},
    {"sync", "one call at a time", one, 1, make<SyncMethod>},
    {"threads", "each of N threads makes one call at a time", blocking_threads, 4, make<ThreadsMethod>},
    {"processes", "each of N processes makes one call at a time", processors, 3, make<ProcessesMethod>},
}};

const MethodEntry* find_method(std::string_view name) noexcept {
    const auto found = std::find_if(methods.begin(), methods.end(), [name](const auto& m) { return m.name == name; });
    return found == methods.end() ? nullptr : &*found;
}

}  // namespace plait::batch
