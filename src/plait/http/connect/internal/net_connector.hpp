#pragma once

#include "plait/http/connect/connector.hpp"
#include "plait/http/proxy/routes.hpp"
#include "plait/net/address.hpp"
#include "plait/net/resolver.hpp"
#include "plait/net/tls_stream.hpp"

#include <optional>
#include <vector>

namespace plait::http::internal {

/// Whether connections for http URLs through an HTTP proxy are tunnels, too, because it could not relay what is spoken.
enum class Tunnels { for_https, for_all };

/// Makes connections over TCP and TLS, along the routes of a session: through proxies, to other hosts or addresses, to
/// a Unix socket. A connection to a proxy that relays is returned as it is.
class NetConnector final : public Connector {
  public:
    explicit NetConnector(const net::TlsOptions& options, Routes routes = {}, Tunnels tunnels = Tunnels::for_https);

    Task<NewConnection> connect(net::Endpoint endpoint, bool secure, Offer offer, ConnectStep& step) override;

  private:
    class Steps;

    Task<void> reach(net::Endpoint endpoint, NewConnection& made, Steps& steps);
    Task<std::vector<net::Address>> addresses_of(net::Endpoint endpoint);
    Task<void> reach_by_proxy(const Proxy& proxy, net::Endpoint target, bool is_tunnel, NewConnection& made,
                              Steps& steps);
    Task<void> reach_by_socks(const Proxy& proxy, net::Endpoint target, NewConnection& made, Steps& steps);
    Task<void> open_tunnel(const Proxy& proxy, net::Endpoint target, std::optional<net::Address> address,
                           NewConnection& made, Steps& steps);

    const Routes routes_;
    const Tunnels tunnels_;
    net::Resolver resolver_;
    net::TlsContext tls_;
    net::TlsContext http_1_tls_;
    net::TlsContext proxy_tls_;
};

}  // namespace plait::http::internal
