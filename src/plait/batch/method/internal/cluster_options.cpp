#include "plait/batch/method/internal/cluster_options.hpp"

#include "plait/batch/method/internal/call_text.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

namespace plait::batch::internal {

http::SessionOptions session_of_workers(const http::SessionOptions& session) {
    http::SessionOptions theirs = session;
    constexpr std::size_t beside = std::size_t{1024} * 1024;  // headers
    constexpr std::uint64_t most = cluster::most_text_bytes - beside;
    const auto folder = session.body_memory ? session.body_memory->folder() : std::nullopt;
    const std::uint64_t wanted = folder ? folder->most_bytes : session.limits.body_bytes;
    theirs.limits.body_bytes = static_cast<std::size_t>(std::min(wanted, most));
    return theirs;
}

cluster::CoordinatorOptions coordinator_options(const MethodOptions& options) {
    cluster::CoordinatorOptions coordinator;
    coordinator.epoch = options.epoch;
    coordinator.nonce = (std::uint64_t{std::random_device()()} << 32) | std::random_device()();
    coordinator.version = PLAIT_VERSION;
    coordinator.terms = terms_text(session_of_workers(options.session));
    if (options.has_limits) coordinator.leave_within = cluster::departure_jitter;
    return coordinator;
}

cluster::NatsOptions client_options(const MethodOptions& options) {
    cluster::NatsOptions client(options.cluster->address);
    client.login = options.cluster->login;
    client.tls = options.cluster->tls;
    client.name = "plait run " + options.run_id;
    return client;
}

}  // namespace plait::batch::internal
