#include "plait/base/text/base64.hpp"

#include <array>
#include <cstdint>

namespace plait {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

std::uint32_t byte_at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
        out += digits[group >> 18];
        out += digits[group >> 12 & 63];
        out += digits[group >> 6 & 63];
        out += digits[group & 63];
    }
    if (i == bytes.size()) return;
    const bool two_left = bytes.size() - i == 2;
    const std::uint32_t group = byte_at(bytes, i) << 16 | (two_left ? byte_at(bytes, i + 1) << 8 : 0);
    out += digits[group >> 18];
    out += digits[group >> 12 & 63];
    out += two_left ? digits[group >> 6 & 63] : '=';
    out += '=';
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;

    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const std::size_t missing = i + 4 == text.size() ? padding : 0;
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const std::uint8_t value = j < 4 - missing ? values[static_cast<unsigned char>(text[i + j])] : 0;
            if (value == no_digit) return std::nullopt;
            group = group << 6 | value;
        }
        bytes += static_cast<char>(group >> 16);
        if (missing < 2) bytes += static_cast<char>(group >> 8);
        if (missing < 1) bytes += static_cast<char>(group);
    }
    return bytes;
}

}  // namespace plait
