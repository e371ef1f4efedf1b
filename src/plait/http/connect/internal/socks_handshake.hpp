#pragma once

#include "plait/http/connect/internal/proxy_handshake.hpp"
#include "plait/http/proxy/proxy.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Asks a SOCKS 5 proxy for a connection (RFC 1928), with a user and password if the proxy has some (RFC 1929).
class SocksHandshake final : public ProxyHandshake {
  public:
    /// `address` is that of `target`; none: the proxy looks its name up. `proxy` must outlive the handshake. Throws
    /// `ProxyError` when the name is longer than 255 bytes.
    SocksHandshake(const Proxy& proxy, const net::Endpoint& target, const std::optional<net::Address>& address);

    std::size_t wanted() const override { return needed_ - received_.size(); }
    void receive(std::string_view bytes) override;
    void receive_end() override;

  private:
    /// What is received next.
    enum class State { method, login, reply, name_length, bound_address, open };

    void take_method();
    void take_login();
    void take_reply();
    void expect(State state, std::size_t bytes);
    unsigned byte(std::size_t n) const { return static_cast<unsigned char>(received_[n]); }

    const Proxy& proxy_;
    std::string request_;
    State state_ = State::method;
    std::size_t needed_ = 0;
    std::string received_;
};

}  // namespace plait::http::internal
