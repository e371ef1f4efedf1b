#include "plait/json/text_writer.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace plait::json {

void TextWriter::put_string(std::string_view text) {
    if (!is_plain_json(text)) return append_string(flushed(), text);
    put("\"");
    put(text);
    put("\"");
}

void TextWriter::put_number(std::uint64_t number) {
    const fmt::format_int text(number);
    put({text.data(), text.size()});
}

void TextWriter::put_milliseconds(Duration duration) {
    if (duration < std::chrono::microseconds(1)) return put("0.000");  // half of those in a result
    const auto microseconds = static_cast<std::uint64_t>(duration / std::chrono::microseconds(1));
    const std::uint64_t whole = microseconds / 1000;
    const auto rest = static_cast<unsigned>(microseconds % 1000);
    const auto digit = [](std::uint64_t value) { return static_cast<char>('0' + value % 10); };
    if (whole >= 10) put_number(whole / 10);
    const std::array<char, 5> end{digit(whole), '.', digit(rest / 100), digit(rest / 10), digit(rest)};
    put({end.data(), end.size()});
}

}  // namespace plait::json
