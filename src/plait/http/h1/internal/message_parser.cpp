#include "plait/http/h1/internal/message_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <limits>

namespace plait::http::internal {

namespace {

constexpr std::size_t status_code_end = std::string_view("HTTP/1.1 200").size();

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_field(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           equal_ignoring_case(line.substr(0, name.size()), name);
}

}  // namespace

MessageParser::MessageParser(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding,
                             std::string_view until_event)
    : response_(response), limits_(limits), body_(response, limits, memory, decoding, until_event) {
    // All limits are ours, so that they hold for the sum of the pieces and have one kind of message.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
    eager(true);
}

void MessageParser::put_head(std::string_view head, bool may_have_body) {
    skip(!may_have_body);
    std::string rewritten;
    if (!may_have_body) head = rewritten = without_transfer_encoding(head);
    // Beast refuses a status line that ends with the code. The space that it misses is optional for everyone else.
    if (head.size() > status_code_end && head[status_code_end] == '\r') {
        put_bytes(std::string(head.substr(0, status_code_end)) + " \r\n");
        head.remove_prefix(status_code_end + 2);
    }
    put_bytes(head);
    if (!is_header_done()) fail_protocol("a header line is not finished");
}

std::size_t MessageParser::put_body(std::string_view bytes) {
    // Beast asserts that it sees a last chunk whole; the shortest is "0\r\n\r\n".
    constexpr std::size_t shortest_last_chunk = 5;
    const bool is_between_chunks = chunked() && chunk_remaining_ == 0;
    if (is_between_chunks && bytes.size() < shortest_last_chunk) return 0;
    const std::size_t parsed = put_bytes(bytes);
    if (bytes.size() - parsed > limits_.chunk_overhead_bytes && !is_done()) {
        fail_too_large("chunk extensions and trailers", limits_.chunk_overhead_bytes);
    }
    return parsed;
}

HeadFacts MessageParser::facts() const {
    HeadFacts facts{.status = response_.status, .is_chunked = chunked()};
    if (content_length()) facts.content_length = *content_length();
    return facts;
}

bool MessageParser::lets_connection_persist() const {
    if (has_two_framings_) return false;  // nobody knows what such a server sends next
    // HTTP/1.0 has no chunks: a server that sends them has mixed two answers up (RFC 9112, section 6.1).
    if (version_ == 10 && chunked()) return false;
    return keep_alive();
}

std::size_t MessageParser::put_bytes(std::string_view bytes) {
    boost::beast::error_code error;
    const std::size_t parsed = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error && error != boost::beast::http::error::need_more) fail_protocol(error.message());
    return parsed;
}

/// Beast refuses a head with both fields that give a body's length, even where no body follows that they could disagree
/// about. The field that Beast does not get to see goes straight into the response.
std::string MessageParser::without_transfer_encoding(std::string_view head) {
    constexpr std::size_t around_value = std::string_view(":\r\n").size();
    std::string rest;
    std::string_view name;
    std::string_view value;
    bool has_length = false;
    for (std::size_t at = 0; at < head.size();) {
        const std::string_view line = head.substr(at, head.find('\n', at) + 1 - at);
        at += line.size();
        has_length = has_length || is_field(line, "Content-Length");
        if (name.empty() && is_field(line, "Transfer-Encoding")) {
            name = line.substr(0, line.find(':'));
            value = trimmed(line.substr(name.size() + 1, line.size() - name.size() - around_value));
        } else {
            rest += line;
        }
    }
    // Beast refuses any other value; nothing else checks its characters.
    if (!has_length || !equal_ignoring_case(value, "chunked")) return std::string(head);
    add_field(name, value);
    has_two_framings_ = true;
    return rest;
}

void MessageParser::on_response_impl(int code, string_view reason, int version, error_code&) {
    if (code < 100) fail_protocol(fmt::format("status {:03}", code));
    response_.status = code;
    response_.reason = to_std(reason);
    version_ = version;
}

void MessageParser::on_field_impl(boost::beast::http::field field, string_view name, string_view value, error_code&) {
    if (is_header_done()) {
        count_chunk_overhead(name.size() + value.size());
        response_.trailers.append(to_std(name), to_std(value));
        return;
    }
    // Step 4 of RFC 9112, section 6.3: bytes in any other coding would be passed on as if they were the body.
    if (field == boost::beast::http::field::transfer_encoding && !equal_ignoring_case(to_std(value), "chunked")) {
        fail_protocol(fmt::format("Transfer-Encoding '{}' was not asked for", escaped(to_std(value))));
    }
    add_field(to_std(name), to_std(value));
}

void MessageParser::add_field(std::string_view name, std::string_view value) {
    if (response_.headers.size() >= limits_.header_count) {
        throw Error(ErrorCode::too_large, fmt::format("the answer has more than {} header fields (--max-header-count)",
                                                      limits_.header_count));
    }
    response_.headers.append(name, value);
}

void MessageParser::on_header_impl(error_code&) {
    // Before the first byte of the body, which a server could make us wait for.
    if (is_done()) return;
    std::optional<std::uint64_t> length;
    if (content_length()) length = *content_length();
    body_.begin(length);
}

std::size_t MessageParser::on_body_impl(string_view bytes, error_code&) {
    body_.put(to_std(bytes));
    return bytes.size();
}

void MessageParser::on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code&) {
    count_chunk_overhead(extensions.size());
    chunk_remaining_ = size;
}

std::size_t MessageParser::on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) {
    chunk_remaining_ -= bytes.size();
    return on_body_impl(bytes, error);
}

void MessageParser::count_chunk_overhead(std::size_t bytes) {
    chunk_overhead_ += bytes;
    if (chunk_overhead_ > limits_.chunk_overhead_bytes) {
        fail_too_large("chunk extensions and trailers", limits_.chunk_overhead_bytes);
    }
}

}  // namespace plait::http::internal
