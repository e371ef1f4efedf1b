#include "plait/http/h1/internal/message_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/http/h1/internal/field_lines.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace plait::http::internal {

namespace {

/// Takes the first element out of a list with commas, without the blanks around it.
std::string_view take_element(std::string_view& list) {
    const std::size_t size = std::min(list.find(','), list.size());
    const std::string_view element = trimmed(list.substr(0, size));
    list.remove_prefix(std::min(size + 1, list.size()));
    return element;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return value;
}

}  // namespace

MessageParser::MessageParser(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding,
                             std::string_view until_event) noexcept
    : response_(response),
      limits_(limits),
      body_(response, limits, memory, decoding, until_event),
      chunks_(limits.chunk_overhead_bytes) {}

AnswerEvent MessageParser::put_head(std::string_view head, bool answers_head_request) {
    constexpr std::size_t empty_line = 2;
    head.remove_suffix(empty_line);
    put_status_line(take_line(head));
    FieldLines fields(head);
    while (const auto field = fields.next()) put_field(*field);

    facts_.answers_head_request = answers_head_request;
    framing_ = classify_head(facts_);
    const bool has_body = framing_ != AnswerEvent::bodiless_head && framing_ != AnswerEvent::interim_head;
    if (has_two_framings() && has_body) fail_protocol("it has both Content-Length and Transfer-Encoding");
    if (framing_ == AnswerEvent::sized_head) missing_ = *facts_.content_length;
    // Before the first byte of the body, which a server could make us wait for.
    if (!is_done()) body_.begin(facts_.content_length);
    return framing_;
}

std::size_t MessageParser::put_body(std::string_view bytes) {
    if (framing_ == AnswerEvent::chunked_head) return chunks_.put(bytes, body_, response_.trailers);
    const bool is_sized = framing_ == AnswerEvent::sized_head;
    const std::string_view part = is_sized ? bytes.substr(0, std::min<std::uint64_t>(missing_, bytes.size())) : bytes;
    body_.put(part);
    if (is_sized) missing_ -= part.size();
    return part.size();
}

bool MessageParser::is_done() const noexcept {
    switch (framing_) {
        case AnswerEvent::sized_head:
            return missing_ == 0;
        case AnswerEvent::chunked_head:
            return chunks_.is_done();
        case AnswerEvent::unsized_head:
            return false;
        default:
            return true;
    }
}

bool MessageParser::lets_connection_persist() const noexcept {
    if (has_two_framings()) return false;  // nobody knows what such a server sends next
    // HTTP/1.0 has no chunks: a server that sends them has mixed two answers up (RFC 9112, section 6.1).
    if (is_http_1_0_ && facts_.is_chunked) return false;
    // RFC 9112, section 9.3.
    return !says_close_ && (!is_http_1_0_ || says_keep_alive_) && framing_ != AnswerEvent::unsized_head;
}

/// `HTTP/1.1 200 OK`. The blank before a reason that is missing is optional for everyone (RFC 9112, section 4).
void MessageParser::put_status_line(std::string_view line) {
    constexpr std::size_t version_size = std::string_view("HTTP/1.1 ").size();
    constexpr std::size_t status_size = 3;
    constexpr std::size_t reason_at = version_size + status_size + 1;
    is_http_1_0_ = line.starts_with("HTTP/1.0 ");
    const bool is_known = is_http_1_0_ || line.starts_with("HTTP/1.1 ");
    const auto status = is_known ? decimal(line.substr(version_size, status_size)) : std::nullopt;
    const bool has_end = line.size() < reason_at || line[reason_at - 1] == ' ';
    if (!status || line.size() < reason_at - 1 || !has_end) {
        fail_protocol(fmt::format("its status line is '{}'", escaped(line)));
    }
    if (*status < 100) fail_protocol(fmt::format("status {:03}", *status));
    facts_.status = response_.status = static_cast<int>(*status);
    response_.reason = line.substr(std::min(reason_at, line.size()));
}

void MessageParser::put_field(const Header& field) {
    if (response_.headers.size() >= limits_.header_count) {
        throw Error(ErrorCode::too_large, fmt::format("the answer has more than {} header fields (--max-header-count)",
                                                      limits_.header_count));
    }
    note(field);
    response_.headers.append(field.name, field.value);
}

/// Notes what a field says of the message's end and of the connection.
void MessageParser::note(const Header& field) {
    const auto is = [&field](std::string_view name) {
        return field.name.size() == name.size() && (field.name == name || equal_ignoring_case(field.name, name));
    };
    if (is("Content-Length")) return note_length(field.value);
    if (is("Transfer-Encoding")) return note_transfer_coding(field.value);
    // No standard has the latter; some proxies do.
    if (is("Connection") || is("Proxy-Connection")) note_connection(field.value);
}

/// The same length may be there several times (RFC 9112, section 6.3).
void MessageParser::note_length(std::string_view value) {
    std::string_view rest = value;
    do {
        const auto length = decimal(take_element(rest));
        if (!length || (facts_.content_length && *facts_.content_length != *length) || value.ends_with(',')) {
            fail_protocol(fmt::format("Content-Length '{}' is no length, or not the only one", escaped(value)));
        }
        facts_.content_length = length;
    } while (!rest.empty());
}

/// Step 4 of RFC 9112, section 6.3: bytes in any other coding would be passed on as if they were the body.
void MessageParser::note_transfer_coding(std::string_view value) {
    if (!equal_ignoring_case(value, "chunked")) {
        fail_protocol(fmt::format("Transfer-Encoding '{}' was not asked for", escaped(value)));
    }
    if (facts_.is_chunked) fail_protocol("it has Transfer-Encoding twice");
    facts_.is_chunked = true;
}

/// What is no option says nothing of the answer, so that the answer counts; the connection is not used again.
void MessageParser::note_connection(std::string_view value) {
    for (std::string_view rest = value; !rest.empty();) {
        const std::string_view option = take_element(rest);
        const bool is_odd = !option.empty() && !is_token(option);
        says_close_ = says_close_ || is_odd || equal_ignoring_case(option, "close");
        says_keep_alive_ = says_keep_alive_ || equal_ignoring_case(option, "keep-alive");
    }
}

}  // namespace plait::http::internal
