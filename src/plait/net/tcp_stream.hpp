#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace plait::net {

/// How long an address may be silent before the next one is tried as well (RFC 8305, section 5).
inline constexpr Duration next_address_delay = std::chrono::milliseconds(250);

/// Connects to the first of `addresses`, which are those of `endpoint`, that accepts.
///
/// They are tried in order, the two families in turn (`interleaved`): the next one when one refuses, or has been silent
/// for `next_address_delay` (RFC 8305). Throws
/// `Error(connect)`, which says for each address why it failed. Cancelling it closes all sockets. On the stream, a peer
/// that is gone is `Error(reset)` after a minute and a half of silence (TCP keep-alive).
Task<std::unique_ptr<ByteStream>> connect_tcp(Endpoint endpoint, std::vector<Address> addresses);

/// Connects to the Unix socket at `path`. Throws `Error(connect)`.
Task<std::unique_ptr<ByteStream>> connect_unix(std::string path);

/// Accepts connections at an address of this machine.
class TcpListener {
  public:
    /// Port 0: the system chooses one. Throws `Error(bad_input)` when the address is not available.
    explicit TcpListener(const Address& address);

    /// The address, with the port that the system chose.
    const Address& address() const noexcept { return address_; }

    /// Waits for the next connection. Throws `Error(connect)` when the system can't accept it; the next call may
    /// succeed.
    Task<std::unique_ptr<ByteStream>> accept();

  private:
    Descriptor descriptor_;
    Address address_;
};

}  // namespace plait::net
