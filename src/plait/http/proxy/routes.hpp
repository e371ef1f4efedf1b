#pragma once

#include "plait/http/message/url.hpp"
#include "plait/http/proxy/proxy_settings.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http {

/// The addresses of a host and port, instead of those that the system finds.
class FixedAddresses {
  public:
    /// Parses `HOST:PORT:ADDRESS[,ADDRESS]`, with IPv6 addresses in brackets or not; `*` is every host. Throws
    /// `Error(bad_input)`.
    explicit FixedAddresses(std::string_view text);

    std::string host;  ///< in lower case, without brackets
    std::uint16_t port = 0;
    std::vector<net::Address> addresses;
};

/// Another host and port to connect to. What is sent stays the same: URL, `Host`, the name that a certificate must
/// have.
class ConnectTo {
  public:
    /// Parses `HOST1:PORT1:HOST2:PORT2`, with IPv6 addresses in brackets. Without HOST1 or PORT1, every host or port is
    /// meant; without HOST2 or PORT2, it stays as it is. Throws `Error(bad_input)`.
    explicit ConnectTo(std::string_view text);

    std::string from_host;  ///< empty: every host
    std::optional<std::uint16_t> from_port;
    std::string to_host;  ///< empty: the same
    std::optional<std::uint16_t> to_port;
};

/// Where the connections of a session lead, if not simply to the host of the URL.
class Routes {
  public:
    Routes() {}

    ProxySettings proxies;
    /// The first that fits counts. It also holds for hosts that come from `connect_to`, and for proxies.
    std::vector<FixedAddresses> resolve;
    /// The first that fits counts.
    std::vector<ConnectTo> connect_to;
    /// The path of a Unix socket to which all connections go, without a proxy. Empty: they don't.
    std::string unix_socket;

    /// Called with an origin and how its calls go (`ProxySettings::explain`) when a connection to it is made while
    /// there are proxies. From any thread that uses a session with these routes. Null: nobody wants to know.
    std::function<void(const std::string& origin, const std::string& way)> tell;

    /// Returns the endpoint to connect to for calls to `target`.
    net::Endpoint destination_of(const net::Endpoint& target) const;

    /// Returns the fixed addresses of `endpoint`, with its port; empty: there are none.
    std::vector<net::Address> addresses_of(const net::Endpoint& endpoint) const;

    /// Calls `tell` about `target`.
    void tell_of(const net::Endpoint& target, bool is_https) const;

    /// Returns the proxy for calls to `target`, with or without TLS; null: they go direct.
    const Proxy* proxy_for(const net::Endpoint& target, bool is_https) const;

    /// Returns the proxy that relays calls to `url`: it gets whole URLs, reads what is sent, and answers for itself
    /// where it can't reach the server. Null: they go direct, or through a tunnel, which no proxy looks into.
    const Proxy* relay_for(const Url& url) const;
};

}  // namespace plait::http
