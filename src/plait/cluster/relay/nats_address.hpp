#pragma once

#include "plait/net/endpoint.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace plait::cluster {

/// Where a NATS server is: `nats://host:4222`, or `tls://host:4222` for a connection that is encrypted, or is not made.
class NatsAddress {
  public:
    static constexpr std::uint16_t usual_port = 4222;

    /// Throws `Error(bad_input)` for anything else, such as a URL with a password, which `ps` would show.
    explicit NatsAddress(std::string_view url);

    net::Endpoint endpoint;
    bool is_encrypted;

    /// Whether only programs of this machine can reach it: its host is an address of the loopback, or `localhost`.
    bool is_loopback() const;

    std::string to_string() const;
};

}  // namespace plait::cluster
