#include "plait/async/byte_stream.hpp"

namespace plait {

Task<std::size_t> read_some(ByteStream& stream, std::span<std::byte> bytes) {
    for (;;) {
        if (const auto got = stream.try_read(bytes)) co_return *got;
        co_await stream.readable();
    }
}

Task<void> write_all(ByteStream& stream, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (const auto taken = stream.try_write(bytes)) {
            bytes = bytes.subspan(*taken);
        } else {
            co_await stream.writable();
        }
    }
}

}  // namespace plait
