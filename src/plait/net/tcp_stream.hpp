#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace plait::net {

/// How long an address may be silent before the next one is tried beside it (RFC 8305, section 5).
inline constexpr Duration next_address_delay = std::chrono::milliseconds(250);

/// Connects to the first of `addresses` that takes the connection; they are those of `endpoint`.
///
/// They are tried in turn: the next one when one refuses, and also when one has been silent for `next_address_delay`.
/// Throws `Error(connect)` that says of each address why it failed. Cancelling it closes whatever was begun. In the
/// stream a peer that no longer answers is `Error(reset)` after a minute and a half of silence (TCP keep-alive).
Task<std::unique_ptr<ByteStream>> connect_tcp(Endpoint endpoint, std::vector<Address> addresses);

/// Takes connections at an address of this machine.
class TcpListener {
  public:
    /// Port 0: the system chooses one. Throws `Error(bad_input)` when it can't be had.
    explicit TcpListener(const Address& address);

    /// Where it listens, with the port that the system chose.
    const Address& address() const noexcept { return address_; }

    /// Waits for the next connection. Throws `Error(connect)` when the system can't take it; the next call may.
    Task<std::unique_ptr<ByteStream>> accept();

  private:
    Descriptor descriptor_;
    Address address_;
};

}  // namespace plait::net
