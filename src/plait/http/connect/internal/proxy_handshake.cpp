#include "plait/http/connect/internal/proxy_handshake.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/base/clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

namespace plait::http::internal {

namespace {

/// Reads the next bytes; none at the end, and none of an explanation that does not come.
Task<std::size_t> read_part(ByteStream& stream, std::span<std::byte> room, bool is_explanation) {
    constexpr Duration patience = std::chrono::seconds(1);
    if (!is_explanation) co_return co_await read_some(stream, room);
    const auto count = co_await within(patience, read_some(stream, room));
    co_return count.value_or(0);
}

}  // namespace

Task<void> shake_hands(ByteStream& stream, ProxyHandshake& handshake) {
    std::array<std::byte, 512> buffer;
    for (;;) {
        const std::string output = handshake.take_output();
        co_await write_all(stream, std::as_bytes(std::span(output)));
        const std::size_t wanted = std::min(handshake.wanted(), buffer.size());
        if (wanted == 0) co_return;
        const std::span<std::byte> room(buffer.data(), wanted);
        const std::size_t count = co_await read_part(stream, room, handshake.is_refused());
        if (count == 0) {
            handshake.receive_end();
        } else {
            handshake.receive({reinterpret_cast<const char*>(buffer.data()), count});
        }
    }
}

}  // namespace plait::http::internal
