#include "plait/json/text.hpp"

#include "plait/base/text/json_string.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

namespace plait::json {

namespace {

void append_as_iso_8859_1(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
        out += c;
        return;
    }
    out += static_cast<char>(0xc0 | byte >> 6);
    out += static_cast<char>(0x80 | (byte & 0x3f));
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    if (is_utf8(text)) return append_json_string(out, text);
    std::string utf8;
    for (const char c : text) append_as_iso_8859_1(utf8, c);
    append_json_string(out, utf8);
}

void append_number(std::string& out, std::uint64_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_milliseconds(std::string& out, Duration duration) {
    const auto microseconds =
        static_cast<std::uint64_t>(std::max<Duration::rep>(0, duration / std::chrono::microseconds(1)));
    append_number(out, microseconds / 1000);
    const auto rest = static_cast<unsigned>(microseconds % 1000);
    const std::array<char, 4> fraction{'.', static_cast<char>('0' + rest / 100),
                                       static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
    out.append(fraction.data(), fraction.size());
}

std::string_view without_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace plait::json
