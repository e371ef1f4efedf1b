#pragma once

#include "plait/http/connect/internal/proxy_handshake.hpp"
#include "plait/http/proxy/proxy.hpp"
#include "plait/net/endpoint.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Asks an HTTP proxy for a tunnel (CONNECT, RFC 9110, section 9.3.6).
///
/// Any 2xx opens it, of HTTP/1.0 or 1.1; the fields are ignored, and there is no body even if they promise one.
/// Everything else is the proxy's refusal, and never the answer to a call: 401, 403, 404 and 500 are what real proxies
/// send. What the proxy says about it goes into the error.
class ConnectHandshake final : public ProxyHandshake {
  public:
    /// The most bytes of an answer's head. Those of real proxies are below 1 KiB.
    static constexpr std::size_t most_head_bytes = 16 * 1024;
    /// The most bytes of a refusal's body that are read for the message.
    static constexpr std::size_t most_body_bytes = 2048;

    /// `proxy` must outlive the handshake.
    ConnectHandshake(const Proxy& proxy, const net::Endpoint& target);

    std::size_t wanted() const override;
    bool is_refused() const override { return state_ == State::refusal_body; }
    void receive(std::string_view bytes) override;
    void receive_end() override;

  private:
    enum class State { head, refusal_body, open };

    void end_head();
    std::string_view field(std::string_view name) const;
    [[noreturn]] void refuse() const;
    [[noreturn]] void fail(std::string_view why) const;

    const Proxy& proxy_;
    State state_ = State::head;
    std::string head_;
    int status_ = 0;
    std::string status_text_;  ///< code and reason
    std::string body_;
    std::size_t body_bytes_ = 0;  ///< to be read of it
};

}  // namespace plait::http::internal
