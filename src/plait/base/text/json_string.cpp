#include "plait/base/text/json_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace plait {

namespace {

constexpr std::string_view replacement_character = "\xef\xbf\xbd";

enum class Kind : std::uint8_t { plain, escaped, beyond_ascii };
using Kinds = std::array<Kind, 256>;

constexpr Kinds make_kinds() {
    Kinds kinds{};
    for (std::size_t c = 0; c < 0x20; ++c) kinds[c] = Kind::escaped;
    kinds['"'] = Kind::escaped;
    kinds['\\'] = Kind::escaped;
    kinds[0x7f] = Kind::escaped;
    for (std::size_t c = 0x80; c < 0x100; ++c) kinds[c] = Kind::beyond_ascii;
    return kinds;
}

constexpr Kinds make_kinds_for_page() {
    Kinds kinds = make_kinds();
    kinds['<'] = Kind::escaped;
    return kinds;
}

constexpr Kind kind_of(char c, const Kinds& kinds) { return kinds[static_cast<unsigned char>(c)]; }

constexpr Kinds usual_kinds = make_kinds();
constexpr Kinds kinds_for_page = make_kinds_for_page();

/// Returns the length of the UTF-8 sequence that `text` begins with; 0 when it begins with none (RFC 3629, section 4).
std::size_t sequence_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u; };
    const auto continues = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xbf) {
        return byte(i) >= least && byte(i) <= most;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        // Neither what fits into two bytes, nor half of a UTF-16 pair.
        return continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        return continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3)
                   ? 4
                   : 0;
    }
    return 0;
}

constexpr std::size_t step = sizeof(std::uint64_t);

constexpr std::uint64_t each_byte(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// Returns 0 if all of eight bytes are plain: then no byte carries into or borrows from its neighbour. Otherwise, the
/// highest bit of each byte that is not plain is set, and perhaps of bytes above it: the lowest one is right.
std::uint64_t other_bits(std::uint64_t bytes) {
    const std::uint64_t below_space = bytes - each_byte(0x20);
    const std::uint64_t is_quote = (bytes ^ each_byte('"')) - each_byte(1);
    const std::uint64_t is_backslash = (bytes ^ each_byte('\\')) - each_byte(1);
    const std::uint64_t is_delete = bytes + each_byte(1);
    return (bytes | below_space | is_quote | is_backslash | is_delete) & each_byte(0x80);
}

std::uint64_t eight_bytes(const char* at) {
    std::uint64_t bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

void append(std::string& out, std::string_view text, const Kinds& kinds) {
    out += '"';
    while (!text.empty()) {
        // Nearly every string is plain throughout: one pass over its bytes, and one copy.
        const auto other =
            std::find_if(text.begin(), text.end(), [&](char c) { return kind_of(c, kinds) != Kind::plain; });
        const auto plain = static_cast<std::size_t>(other - text.begin());
        out.append(text.data(), plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (kind_of(text.front(), kinds) == Kind::escaped) {
            append_json_escape(out, text.front());
            text.remove_prefix(1);
            continue;
        }
        const std::size_t size = sequence_size(text);
        out += size == 0 ? replacement_character : text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += '"';
}

}  // namespace

void append_json_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    }
}

void append_json_string(std::string& out, std::string_view text) {
    if (!is_plain_json(text)) return append(out, text, usual_kinds);
    out.append(1, '"').append(text).append(1, '"');
}

void append_json_string_for_page(std::string& out, std::string_view text) { append(out, text, kinds_for_page); }

bool is_plain_json(std::string_view text) noexcept {
    if (text.size() < step) return plain_json_end(text.data(), text.data() + text.size()) == text.data() + text.size();
    const char* const last = text.data() + text.size() - step;
    for (const char* at = text.data(); at < last; at += step) {
        if (other_bits(eight_bytes(at)) != 0) return false;
    }
    return other_bits(eight_bytes(last)) == 0;
}

const char* plain_json_end(const char* begin, const char* end) noexcept {
    while (end - begin >= static_cast<std::ptrdiff_t>(step)) {
        const std::uint64_t others = other_bits(eight_bytes(begin));
        if (others != 0 && std::endian::native == std::endian::little) return begin + std::countr_zero(others) / 8;
        if (others != 0) break;
        begin += step;
    }
    return std::find_if(begin, end, [](char c) { return kind_of(c, usual_kinds) != Kind::plain; });
}

bool is_plain_json_for_page(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return kind_of(c, kinds_for_page) == Kind::plain; });
}

}  // namespace plait
