#include "plait/http/h1/internal/chunk_parser.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/http/h1/internal/field_lines.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace plait::http::internal {

namespace {

constexpr std::string_view end_of_line = "\r\n";
constexpr std::string_view end_of_lines = "\r\n\r\n";

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

bool take_token(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && is_token(text.substr(size, 1))) ++size;
    text.remove_prefix(size);
    return size > 0;
}

bool take_quoted(std::string_view& text) {
    if (!take(text, '"')) return false;
    for (std::size_t at; (at = text.find_first_of("\"\\")) < text.size();) {
        const bool is_end = text[at] == '"';
        text.remove_prefix(std::min(text.size(), is_end ? at + 1 : at + 2));
        if (is_end) return true;
    }
    return false;
}

/// `*( BWS ";" BWS name [ BWS "=" BWS value ] )` (RFC 9112, section 7.1.1). Nobody reads them, but what breaks a rule
/// here may be meant for another reader.
bool are_extensions(std::string_view text) {
    while (!text.empty()) {
        skip_blanks(text);
        if (!take(text, ';')) return false;
        skip_blanks(text);
        if (!take_token(text)) return false;
        std::string_view value = text;
        skip_blanks(value);
        if (!take(value, '=')) continue;
        skip_blanks(value);
        if (!take_token(value) && !take_quoted(value)) return false;
        text = value;
    }
    return true;
}

}  // namespace

std::size_t ChunkParser::put(std::string_view bytes, BodyReceiver& body, Headers& trailers) {
    switch (next_) {
        case Part::size:
            return put_size(bytes);
        case Part::chunk:
            return put_chunk(bytes, body);
        case Part::chunk_end:
            return put_chunk_end(bytes);
        case Part::trailers:
            return put_trailers(bytes, trailers);
        case Part::nothing:
            break;
    }
    return 0;
}

std::size_t ChunkParser::put_size(std::string_view bytes) {
    const std::size_t length = line_length(bytes);
    check_overhead(length + 1);  // as if the line came byte by byte
    const std::string_view line = bytes.substr(0, length);
    const std::string_view behind = bytes.substr(length, end_of_line.size());
    if (behind != end_of_line) {
        if (end_of_line.starts_with(behind)) return 0;
        fail_protocol(fmt::format("the line of a chunk's size has a control character: '{}'", escaped(line)));
    }
    const char* const end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data(), end, missing_, 16);
    if (error != std::errc()) fail_protocol(fmt::format("a chunk has the size '{}'", escaped(line)));
    const std::string_view extensions(rest, static_cast<std::size_t>(end - rest));
    // Some servers and load balancers pad the size with blanks, against the rule.
    if (!trimmed(extensions).empty() && !are_extensions(extensions))
        fail_protocol(fmt::format("a chunk has the extension '{}'", escaped(extensions)));
    overhead_ += extensions.size();
    check_overhead(overhead_);
    next_ = missing_ > 0 ? Part::chunk : Part::trailers;
    return length + end_of_line.size();
}

std::size_t ChunkParser::put_chunk(std::string_view bytes, BodyReceiver& body) {
    const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(missing_, bytes.size()));
    body.put(part);
    missing_ -= part.size();
    if (missing_ == 0) next_ = Part::chunk_end;
    return part.size();
}

std::size_t ChunkParser::put_chunk_end(std::string_view bytes) {
    if (bytes.starts_with(end_of_line)) {
        next_ = Part::size;
        return end_of_line.size();
    }
    if (!end_of_line.starts_with(bytes)) fail_protocol("a chunk is longer than its size");
    return 0;
}

std::size_t ChunkParser::put_trailers(std::string_view bytes, Headers& trailers) {
    if (bytes.starts_with(end_of_line)) {
        next_ = Part::nothing;
        return end_of_line.size();
    }
    const std::size_t end = bytes.find(end_of_lines);
    if (end == std::string_view::npos) {
        check_overhead(overhead_ + bytes.size());
        return 0;
    }
    check_overhead(overhead_ + end + end_of_lines.size() - 1);
    FieldLines fields(bytes.substr(0, end + end_of_line.size()));
    while (const auto field = fields.next()) {
        if (equal_ignoring_case(field->name, "Content-Length") ||
            equal_ignoring_case(field->name, "Transfer-Encoding")) {
            fail_protocol(fmt::format("{} comes after the body", field->name));
        }
        trailers.add(field->name, field->value);
    }
    next_ = Part::nothing;
    return end + end_of_lines.size();
}

void ChunkParser::check_overhead(std::size_t bytes) const {
    if (bytes > overhead_limit_) fail_too_large("chunk extensions and trailers", overhead_limit_);
}

}  // namespace plait::http::internal
