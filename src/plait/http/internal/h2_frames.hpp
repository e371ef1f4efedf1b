#pragma once

#include "plait/http/message/headers.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// The frames of a server (RFC 9113, section 6), made by hand for tests.
namespace plait::http::internal::frames {

enum Flag : std::uint8_t { none = 0, end_stream = 1, ack = 1, end_headers = 4, padded = 8 };

inline std::string big_endian(std::uint32_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
    return text;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = "") {
    std::string bytes = big_endian(static_cast<std::uint32_t>(payload.size()), 3);
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    return bytes + big_endian(stream, 4) + std::string(payload);
}

inline std::string setting(std::uint16_t id, std::uint32_t value) { return big_endian(id, 2) + big_endian(value, 4); }
inline std::string max_streams(std::uint32_t value) { return setting(3, value); }
inline std::string initial_window(std::uint32_t value) { return setting(4, value); }
inline std::string max_header_list(std::uint32_t value) { return setting(6, value); }

inline std::string settings(std::string_view entries = "") { return frame(4, none, 0, entries); }
inline std::string settings_ack() { return frame(4, ack, 0); }
inline std::string ping() { return frame(6, none, 0, "12345678"); }
inline std::string data(std::uint32_t stream, std::string_view bytes, std::uint8_t flags = none) {
    return frame(0, flags, stream, bytes);
}
inline std::string reset(std::uint32_t stream, std::uint32_t code) {
    return frame(3, none, stream, big_endian(code, 4));
}
inline std::string goaway(std::uint32_t last_stream, std::uint32_t code, std::string_view text = "") {
    return frame(7, none, 0, big_endian(last_stream, 4) + big_endian(code, 4) + std::string(text));
}
inline std::string window_update(std::uint32_t stream, std::uint32_t more) {
    return frame(8, none, stream, big_endian(more, 4));
}

/// A field as HPACK has it without compression (RFC 7541, section 6.2.2).
inline std::string field(std::string_view name, std::string_view value) {
    std::string bytes(1, '\0');
    for (const std::string_view text : {name, value}) {
        bytes += static_cast<char>(text.size());  // shorter than 127
        bytes += text;
    }
    return bytes;
}

inline std::string headers(std::uint32_t stream, std::string_view fields, std::uint8_t flags = none) {
    return frame(1, end_headers | flags, stream, fields);
}
inline std::string head(std::uint32_t stream, std::string_view status = "200", std::uint8_t flags = none,
                        std::string_view more = "") {
    return headers(stream, field(":status", status) + std::string(more), flags);
}
/// A whole answer.
inline std::string answer(std::uint32_t stream, std::string_view body = "hi") {
    return head(stream) + data(stream, body, end_stream);
}

// Error codes (RFC 9113, section 7).
inline constexpr std::uint32_t no_error = 0, protocol_error = 1, internal_error = 2, stream_closed = 5,
                               refused_stream = 7, cancel = 8, enhance_your_calm = 11, http_1_1_required = 13;

}  // namespace plait::http::internal::frames
