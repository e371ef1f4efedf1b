#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace plait::net {

/// A host and port as the caller named them. They are resolved, connected to, verified, and shown in messages.
class Endpoint {
  public:
    /// `host` is a name or an address, IPv6 without brackets.
    Endpoint(std::string host_, std::uint16_t port_) : host(std::move(host_)), port(port_) {}

    std::string host;
    std::uint16_t port;

    /// Such as `api.example:443` or `[::1]:443`.
    std::string to_string() const {
        const bool is_ipv6 = host.find(':') != std::string::npos;
        return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
    }

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace plait::net
