#pragma once

#include "plait/http/connector.hpp"
#include "plait/net/resolver.hpp"
#include "plait/net/tls_stream.hpp"

namespace plait::http::internal {

/// Makes connections over TCP and TLS to the addresses that the system finds.
class NetConnector final : public Connector {
  public:
    explicit NetConnector(net::TlsOptions options);

    Task<NewConnection> connect(net::Endpoint endpoint, bool secure, ConnectStep& step) override;

  private:
    net::Resolver resolver_;
    net::TlsContext tls_;
};

}  // namespace plait::http::internal
