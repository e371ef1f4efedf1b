#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace plait::http::internal {

/// The talk with a proxy before a connection through it is open, without any I/O: bytes out, bytes in, never one more
/// than needed, because those behind them are the server's.
class ProxyHandshake {
  public:
    virtual ~ProxyHandshake() = default;

    /// Returns what is to be sent now, once.
    std::string take_output() { return std::exchange(output_, {}); }

    /// How many bytes to read next; 0: the connection is open.
    virtual std::size_t wanted() const = 0;

    /// Whether the proxy has refused, and only its explanation is awaited, which may never come.
    virtual bool is_refused() const { return false; }

    /// Takes at most `wanted()` bytes. Throws `ProxyError` when the proxy has refused.
    virtual void receive(std::string_view bytes) = 0;

    /// Takes the end of the stream. Throws `ProxyError`.
    virtual void receive_end() = 0;

  protected:
    std::string output_;
};

/// Talks to the proxy until the connection through it is open. Both must outlive the task. Throws `ProxyError`, and
/// what the stream throws.
Task<void> shake_hands(ByteStream& stream, ProxyHandshake& handshake);

}  // namespace plait::http::internal
