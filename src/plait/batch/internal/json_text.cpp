#include "plait/batch/internal/json_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

namespace plait::batch::internal {

namespace {

enum class Kind : std::uint8_t { plain, escaped, beyond_ascii };

constexpr std::array<Kind, 256> make_kinds() {
    std::array<Kind, 256> kinds{};
    for (std::size_t c = 0; c < 0x20; ++c) kinds[c] = Kind::escaped;
    kinds['"'] = Kind::escaped;
    kinds['\\'] = Kind::escaped;
    kinds[0x7f] = Kind::escaped;
    for (std::size_t c = 0x80; c < 0x100; ++c) kinds[c] = Kind::beyond_ascii;
    return kinds;
}

constexpr std::array<Kind, 256> kinds = make_kinds();

Kind kind_of(char c) { return kinds[static_cast<unsigned char>(c)]; }

void append_escaped(std::string& out, char c) {
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

void append_as_iso_8859_1(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    out += static_cast<char>(0xc0 | byte >> 6);
    out += static_cast<char>(0x80 | (byte & 0x3f));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    // Nearly every string is plain throughout: one look at each byte, and one copy.
    const auto first = std::find_if(text.begin(), text.end(), [](char c) { return kind_of(c) != Kind::plain; });
    const auto plain = static_cast<std::size_t>(first - text.begin());
    out.append(text.data(), plain);
    if (plain < text.size()) {
        const bool utf8 = is_utf8(text);
        for (const char c : text.substr(plain)) {
            if (kind_of(c) == Kind::escaped) {
                append_escaped(out, c);
            } else if (kind_of(c) == Kind::plain || utf8) {
                out += c;
            } else {
                append_as_iso_8859_1(out, c);
            }
        }
    }
    out += '"';
}

void append_json_number(std::string& out, std::uint64_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_milliseconds(std::string& out, Duration duration) {
    const auto microseconds =
        static_cast<std::uint64_t>(std::max<Duration::rep>(0, duration / std::chrono::microseconds(1)));
    append_json_number(out, microseconds / 1000);
    const auto rest = static_cast<unsigned>(microseconds % 1000);
    if (rest == 0) return;
    const std::array<char, 4> fraction{'.', static_cast<char>('0' + rest / 100),
                                       static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
    const std::size_t zeros = rest % 100 == 0 ? 2 : rest % 10 == 0 ? 1 : 0;
    out.append(fraction.data(), fraction.size() - zeros);
}

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace plait::batch::internal
