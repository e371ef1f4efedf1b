#include "plait/json/text.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/json/text_writer.hpp"

#include <fmt/format.h>
#include <simdjson.h>

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
    if (is_plain_json(text) || is_utf8(text)) return append_json_string(out, text);
    std::string utf8;
    for (const char c : text) append_as_iso_8859_1(utf8, c);
    append_json_string(out, utf8);
}

void append_number(std::string& out, std::uint64_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_milliseconds(std::string& out, Duration duration) {
    TextWriter writer(out);
    writer.put_milliseconds(duration);
    writer.flush();
}

std::string_view without_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace plait::json
