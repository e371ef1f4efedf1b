#include "plait/http/h1/internal/field_lines.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>

namespace plait::http::internal {

namespace {

constexpr std::uint64_t each_byte(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// The highest bit of each of eight bytes that is a control character. A byte above such a one may have it, too, as
/// subtractions borrow from it: the lowest one is right.
constexpr std::uint64_t control_bits(std::uint64_t bytes) {
    const std::uint64_t below_blank = (bytes - each_byte(0x20)) & ~bytes;
    const std::uint64_t unlike_delete = bytes ^ each_byte(0x7f);
    const std::uint64_t is_delete = (unlike_delete - each_byte(0x01)) & ~unlike_delete;
    return (below_blank | is_delete) & each_byte(0x80);
}

constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

[[noreturn]] void fail_line(std::string_view line, std::size_t at) {
    if (at == line.size()) fail_protocol("a line of its header is not finished");
    if (line[at] == '\n') fail_protocol("a line of its header ends without CR");
    if (line[at] == '\r') fail_protocol("a CR stands alone in its header");
    fail_protocol(fmt::format("its header has the control character '{}'", escaped(line.substr(at, 1))));
}

}  // namespace

std::size_t line_length(std::string_view text) noexcept {
    std::size_t length = 0;
    if constexpr (std::endian::native == std::endian::little) {
        for (std::uint64_t bytes = 0; length + sizeof bytes <= text.size();) {
            std::memcpy(&bytes, text.data() + length, sizeof bytes);
            const std::uint64_t controls = control_bits(bytes);
            length += controls == 0 ? sizeof bytes : static_cast<std::size_t>(std::countr_zero(controls)) / 8;
            if (controls == 0) continue;
            if (text[length] != '\t') return length;
            ++length;
        }
    }
    while (length < text.size() && !is_control(text[length])) ++length;
    return length;
}

std::string_view take_line(std::string_view& lines) {
    constexpr std::string_view end_of_line = "\r\n";
    const std::size_t length = line_length(lines);
    if (!lines.substr(length).starts_with(end_of_line)) fail_line(lines, length);
    const std::string_view line = lines.substr(0, length);
    lines.remove_prefix(length + end_of_line.size());
    return line;
}

std::optional<Header> FieldLines::next() {
    if (rest_.empty()) return std::nullopt;
    const std::string_view line = take_line(rest_);
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos) fail_protocol(fmt::format("a header line has no colon: '{}'", escaped(line)));
    if (!is_token(name)) fail_protocol(fmt::format("'{}' is no name of a header field", escaped(name)));
    const std::string_view value = trimmed(line.substr(colon + 1));
    return Header(name, is_folded() ? unfold(value) : value);
}

/// Whether the next line goes on with the value of the last one.
bool FieldLines::is_folded() const noexcept {
    return !rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t');
}

std::string_view FieldLines::unfold(std::string_view first) {
    unfolded_ = first;
    while (is_folded()) {
        const std::string_view more = trimmed(take_line(rest_));
        if (!unfolded_.empty() && !more.empty()) unfolded_ += ' ';
        unfolded_ += more;
    }
    return unfolded_;
}

}  // namespace plait::http::internal
