#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/net/endpoint.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace plait::http {

/// A connection that was just made, and how long each step took.
class NewConnection {
  public:
    explicit NewConnection(std::unique_ptr<ByteStream> stream_) : stream(std::move(stream_)) {}

    std::unique_ptr<ByteStream> stream;
    std::string alpn{};  ///< the protocol that TLS agreed on, such as `http/1.1`; empty: none
    Duration dns{};
    Duration connect{};
    Duration tls{};
};

/// The steps of making a connection.
enum class ConnectStep : std::uint8_t { resolving, connecting, tunnelling, encrypting };

/// What is offered to the server in the handshake of TLS (ALPN).
enum class Offer {
    all,       ///< what the session may speak
    http_1_1,  ///< HTTP/1.1 alone
};

/// Makes connections for a session: over the network, or in memory for a test.
class Connector {
  public:
    virtual ~Connector() = default;

    /// Makes a connection to `endpoint`, encrypted and verified if `secure`. Keeps `step` up to date, which must
    /// outlive the task. Throws `Error` with `dns`, `connect`, `proxy` or `tls`, which says what was tried. Cancelling
    /// it leaves nothing open.
    virtual Task<NewConnection> connect(net::Endpoint endpoint, bool secure, Offer offer, ConnectStep& step) = 0;
};

}  // namespace plait::http
