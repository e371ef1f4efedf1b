#pragma once

#include "plait/cluster/relay/nats_address.hpp"
#include "plait/cluster/relay/nats_login.hpp"
#include "plait/cluster/sealed/cluster_key.hpp"
#include "plait/net/tls_stream.hpp"

#include <string>
#include <utility>

namespace plait::cluster {

/// How a member of a cluster reaches the others.
class ClusterOptions {
  public:
    explicit ClusterOptions(NatsAddress address_) : address(std::move(address_)) {}

    NatsAddress address;
    /// What requests and results are sealed with. The public key: only for a broker on this machine.
    ClusterKey key = ClusterKey::public_key();
    NatsLogin login;
    /// How the broker is verified.
    net::TlsOptions tls;
};

}  // namespace plait::cluster
