#pragma once

#include "plait/batch/method/method_options.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/relay/nats_client.hpp"
#include "plait/http/session.hpp"

namespace plait::batch::internal {

// The options of the parts of a `ClusterMethod`, out of its own.

/// Returns the options of the sessions at workers. An answer comes here whole: so no body may be larger than a message,
/// nor one that is to be saved here.
http::SessionOptions session_of_workers(const http::SessionOptions& session);

/// Returns the options of the coordinator, with a random nonce.
cluster::CoordinatorOptions coordinator_options(const MethodOptions& options);

/// Returns the options of the connection to the broker, without its callbacks.
cluster::NatsOptions client_options(const MethodOptions& options);

}  // namespace plait::batch::internal
