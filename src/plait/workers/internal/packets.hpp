#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/workers/internal/payload.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace plait::internal {

/// Two connected sockets that keep the borders of messages (SOCK_SEQPACKET), closed on exec.
std::pair<UniqueFd, UniqueFd> packet_sockets();

/// The result of looking for a message.
enum class Received { message, nothing_yet, end };

/// Sends one message, with a copy of descriptor `attached` if that is not -1. Returns false when the other end is
/// closed. Throws Error when the kernel refuses.
bool send_packet(int socket, std::string_view head, std::string_view body = {}, int attached = -1);

/// Sends `head` and `body` as one message.
bool send_message(int socket, std::string_view head, const Payload& body);

/// Receives messages from sockets; has room for one.
class PacketReader {
  public:
    PacketReader();

    /// Takes the next message from `socket`: `head` is filled exactly, the rest is `body()` until the next call, and
    /// `attached` becomes what came with it.
    Received receive_packet(int socket, char* head, std::size_t head_size, UniqueFd& attached);
    std::string_view body() const noexcept { return body_; }

    /// The counterpart of `send_message`.
    template <class Head>
    Received receive_message(int socket, Head& head, Payload& body) {
        static_assert(std::is_trivially_copyable_v<Head>);
        UniqueFd large_body;
        const auto received = receive_packet(socket, reinterpret_cast<char*>(&head), sizeof head, large_body);
        if (received == Received::message)
            body = large_body ? Payload(std::move(large_body)) : Payload(std::string(body_));
        return received;
    }

  private:
    std::unique_ptr<char[]> buffer_;
    std::string_view body_;
};

/// The bytes of a plain struct, to be sent.
template <class Plain>
std::string_view bytes_of(const Plain& plain) noexcept {
    static_assert(std::is_trivially_copyable_v<Plain>);
    return {reinterpret_cast<const char*>(&plain), sizeof plain};
}

}  // namespace plait::internal
