#include "plait/http/internal/h1_answer.hpp"

#include "plait/base/error.hpp"
#include "plait/http/internal/message_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace plait::http::internal {

namespace {

constexpr std::string_view user_agent = "plait/" PLAIT_VERSION;
constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::size_t status_code_end = std::string_view("HTTP/1.1 200").size();
constexpr std::size_t common_header_count = 16;

// Small bodies are bounded by how many calls are in flight.
constexpr std::size_t uncounted_body = 64 * 1024;

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool is_among(std::string_view word, std::string_view name, std::string_view other_name) {
    return equal_ignoring_case(word, name) || equal_ignoring_case(word, other_name);
}

void check_content_length(std::string_view value, std::size_t body_size) {
    if (value != fmt::format_int(body_size).c_str()) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("header 'Content-Length': the body has {} bytes; leave the header out, "
                                "it is added",
                                body_size));
    }
}

/// Refuses what would make the message mean something else than what is sent.
void check_field(const Header& field, const Request& request) {
    if (equal_ignoring_case(field.name, "Content-Length")) check_content_length(field.value, request.body.size());
    if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
        throw Error(ErrorCode::bad_input, "header 'Transfer-Encoding': leave it out, a body is sent with its length");
    }
    if (equal_ignoring_case(field.name, "Connection") && !is_among(field.value, "close", "keep-alive")) {
        throw Error(ErrorCode::bad_input, "header 'Connection': only 'close' and 'keep-alive' can be sent");
    }
}

/// What the headers of a request say that would otherwise be added.
struct Given {
    bool user_agent = false;
    bool accept = false;
    bool content_length = false;

    void note(std::string_view name) {
        user_agent = user_agent || equal_ignoring_case(name, "User-Agent");
        accept = accept || equal_ignoring_case(name, "Accept");
        content_length = content_length || equal_ignoring_case(name, "Content-Length");
    }
};

/// A request whose method gives a body a meaning has a length even when it is 0 (RFC 9110, section 8.6).
bool needs_length(const Request& request) {
    const std::string& method = request.method();
    return !request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

std::string_view host_of(const Request& request, const Headers& defaults) {
    const auto given = request.headers.get_all("Host");
    if (given.size() > 1) throw Error(ErrorCode::bad_input, "header 'Host': given twice");
    if (!given.empty()) return given[0];
    return defaults.get("Host").value_or(request.url.authority());
}

void append_given_fields(std::string& out, const Request& request, const Headers& defaults, Given& given) {
    const auto append = [&](const Header& field) {
        if (equal_ignoring_case(field.name, "Host")) return;
        check_field(field, request);
        given.note(field.name);
        append_field(out, field.name, field.value);
    };
    for (const Header field : request.headers) append(field);
    for (const Header field : defaults) {
        if (!request.headers.contains(field.name)) append(field);
    }
}

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }

[[noreturn]] void fail_protocol(std::string_view what) {
    throw Error(ErrorCode::protocol, fmt::format("the answer is not HTTP/1.1: {}", what));
}

/// `flag` is the command's for this limit; empty: there is none.
[[noreturn]] void fail_too_large(std::string_view what, std::size_t limit, std::string_view flag = {}) {
    std::string message = fmt::format("the answer has more than {} bytes of {}", limit, what);
    if (!flag.empty()) message += fmt::format(" ({})", flag);
    throw Error(ErrorCode::too_large, message);
}

bool is_field(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           equal_ignoring_case(line.substr(0, name.size()), name);
}

}  // namespace

std::string serialize_head(const Request& request, const Headers& defaults) {
    std::string out;
    out.reserve(512);
    out.append(request.method()).append(" ").append(request.url.target()).append(" HTTP/1.1\r\n");
    append_field(out, "Host", host_of(request, defaults));
    Given given;
    append_given_fields(out, request, defaults, given);
    if (!given.user_agent) append_field(out, "User-Agent", user_agent);
    if (!given.accept) append_field(out, "Accept", "*/*");
    if (!given.content_length && needs_length(request)) {
        const fmt::format_int length(request.body.size());
        append_field(out, "Content-Length", {length.data(), length.size()});
    }
    out.append("\r\n");
    return out;
}

bool asks_to_close(const Request& request, const Headers& defaults) {
    const Headers& sent = request.headers.contains("Connection") ? request.headers : defaults;
    const auto values = sent.get_all("Connection");
    return std::any_of(values.begin(), values.end(),
                       [](std::string_view value) { return equal_ignoring_case(value, "close"); });
}

MessageParser::MessageParser(Response& response, const Limits& limits, BodyMemory& memory, bool answers_head)
    : response_(response), limits_(limits), memory_(memory), share_(memory) {
    // All limits are ours, so that they hold for the sum of the pieces and have one kind of message.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
    eager(true);
    skip(answers_head);
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
    // Any other coding would be passed on as if it were the body.
    if (field == boost::beast::http::field::transfer_encoding && !equal_ignoring_case(to_std(value), "chunked")) {
        fail_protocol(fmt::format("Transfer-Encoding '{}' was not asked for", printable(to_std(value))));
    }
    take_field(to_std(name), to_std(value));
}

void MessageParser::take_field(std::string_view name, std::string_view value) {
    if (response_.headers.size() >= limits_.header_count) {
        throw Error(ErrorCode::too_large, fmt::format("the answer has more than {} header fields (--max-header-count)",
                                                      limits_.header_count));
    }
    response_.headers.append(name, value);
}

void MessageParser::on_header_impl(error_code&) {
    // Before the first byte of the body, for which a server could make us wait.
    if (!is_done() && content_length()) check_body_size(*content_length());
}

void MessageParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
    if (!length) return;
    // Not all of it: a promise costs the server nothing.
    constexpr std::uint64_t believed = 64 * 1024;
    response_.body.reserve(static_cast<std::size_t>(std::min(*length, believed)));
}

std::size_t MessageParser::on_body_impl(string_view bytes, error_code&) {
    const std::size_t size = response_.body.size() + bytes.size();
    check_body_size(size);
    if (size > response_.body.capacity()) make_room(size);
    response_.body.append(bytes.data(), bytes.size());
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

void MessageParser::check_body_size(std::uint64_t size) const {
    if (size > limits_.body_bytes) fail_too_large("body", limits_.body_bytes, "--max-body");
}

/// Lets the body grow to `size` bytes or more, if all bodies together may.
void MessageParser::make_room(std::size_t size) {
    const std::size_t capacity = std::max(size, 2 * response_.body.capacity());
    if (capacity <= uncounted_body) return;
    const std::size_t held = share_.held();
    // While it is moved to its new place the body takes both.
    if (!share_.take(capacity)) {
        throw Error(ErrorCode::too_large,
                    fmt::format("the bodies of all answers in flight hold more than {} bytes together "
                                "(--max-body-total)",
                                memory_.limit()));
    }
    response_.body.reserve(capacity);
    share_.give_back(held);
}

void MessageParser::count_chunk_overhead(std::size_t bytes) {
    chunk_overhead_ += bytes;
    if (chunk_overhead_ > limits_.chunk_overhead_bytes) {
        fail_too_large("chunk extensions and trailers", limits_.chunk_overhead_bytes);
    }
}

H1Answer::H1Answer(const Request& request, const Limits& limits, BodyMemory& memory, Response& response)
    : limits_(limits), memory_(memory), response_(response), answers_head_(request.method() == "HEAD") {
    parser_.emplace(response_, limits_, memory_, answers_head_);
}

void H1Answer::receive(std::string_view bytes) {
    if (pending_.empty()) {
        bytes.remove_prefix(parse(bytes));
        if (!is_done_) pending_ = bytes;
        has_surplus_ = is_done_ && !bytes.empty();
        return;
    }
    pending_ += bytes;
    const std::size_t parsed = parse(pending_);
    has_surplus_ = is_done_ && parsed < pending_.size();
    if (parsed == pending_.size() || is_done_) {
        pending_ = {};  // not clear(): a call that waits for the rest of a body keeps no buffer
    } else {
        pending_.erase(0, parsed);
    }
}

void H1Answer::receive_end() {
    if (is_done_) return;
    if (!parser_->is_header_done()) {
        if (pending_.empty() && interim_responses_ == 0) {
            throw Error(ErrorCode::reset, "the server closed the connection without an answer");
        }
        throw Error(ErrorCode::reset, "the server closed the connection in the middle of the answer's header");
    }
    if (parser_->chunked()) {
        throw Error(ErrorCode::reset,
                    fmt::format("the server closed the connection before the last chunk, after {} bytes of the body",
                                response_.body.size()));
    }
    if (!parser_->need_eof()) {
        throw Error(
            ErrorCode::reset,
            fmt::format("the server closed the connection after {} of {} bytes of the body", response_.body.size(),
                        response_.body.size() + parser_->content_length_remaining().value_or(0)));
    }
    is_done_ = true;
}

bool H1Answer::is_refusal_up_to_end() const {
    return parser_->is_header_done() && response_.status >= 400 && parser_->need_eof();
}

bool H1Answer::keep_alive() const {
    if (!is_done_ || has_surplus_ || has_two_framings_) return false;
    // HTTP/1.0 knows no chunks: whoever sends them has mixed two answers up (RFC 9112, section 6.1).
    if (parser_->is_http_1_0() && parser_->chunked()) return false;
    return parser_->keep_alive();
}

std::optional<Duration> H1Answer::keep_alive_timeout() const {
    constexpr std::string_view name = "timeout=";
    const std::string_view value = response_.headers.get("Keep-Alive").value_or("");
    const auto start = std::search(value.begin(), value.end(), name.begin(), name.end(), [](char a, char b) {
        return equal_ignoring_case({&a, 1}, {&b, 1});
    });
    if (start == value.end()) return std::nullopt;
    std::uint32_t seconds = 0;
    const auto parsed = std::from_chars(&*start + name.size(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc()) return std::nullopt;
    return std::chrono::seconds(seconds);
}

/// Parses as much as there is; answers how many bytes that was.
std::size_t H1Answer::parse(std::string_view bytes) {
    std::size_t parsed = 0;
    while (!is_done_ && parsed < bytes.size()) {
        const std::string_view rest = bytes.substr(parsed);
        const std::size_t step = parser_->is_header_done() ? parse_body(rest) : parse_head(rest);
        if (step == 0) break;
        parsed += step;
        if (!parser_->is_done()) continue;
        if (response_.status < 200) {
            end_interim_response();
        } else {
            is_done_ = true;
        }
    }
    return parsed;
}

/// Hands a head to the parser when all of it is there: then its limit is exact, however the bytes were split.
std::size_t H1Answer::parse_head(std::string_view bytes) {
    const std::size_t end = bytes.find(end_of_head, searched_);
    const std::size_t size = end == std::string_view::npos ? bytes.size() : end + end_of_head.size();
    if (size > limits_.header_bytes) fail_too_large("header", limits_.header_bytes, "--max-header-bytes");
    check_unfinished_head(bytes.substr(0, size));
    if (end == std::string_view::npos) {
        searched_ = size - std::min(size, end_of_head.size() - 1);
        return 0;
    }
    searched_ = checked_ = 0;
    response_.headers.reserve(common_header_count, size);
    if (has_no_body(bytes.substr(0, size))) {
        put_head(without_transfer_encoding(bytes.substr(0, size)));
    } else {
        put_head(bytes.substr(0, size));
    }
    return size;
}

void H1Answer::put_head(std::string_view head) {
    // Beast refuses a status line that ends with the code. The space it misses is optional for everyone else.
    if (head.size() > status_code_end && head[status_code_end] == '\r') {
        put(std::string(head.substr(0, status_code_end)) + " \r\n");
        put(head.substr(status_code_end + 2));
    } else {
        put(head);
    }
    if (!parser_->is_header_done()) fail_protocol("a header line is not finished");
}

/// Whether the answer ends with its head, whatever its fields say (RFC 9112, section 6.3).
bool H1Answer::has_no_body(std::string_view head) const {
    if (answers_head_) return true;
    const std::string_view code = head.substr(0, status_code_end).substr(status_code_end - 3);
    return code.starts_with('1') || code == "204" || code == "304";
}

/// Beast refuses a head with both fields that say how long a body is, although here there is none that they could
/// contradict each other about. The one that it does not get to see goes straight into the response.
std::string H1Answer::without_transfer_encoding(std::string_view head) {
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
            value = trimmed(line.substr(name.size() + 1, line.size() - name.size() - 3));
        } else {
            rest += line;
        }
    }
    // Any other value is for Beast to refuse: nobody else looks at its characters.
    if (!has_length || !equal_ignoring_case(value, "chunked")) return std::string(head);
    parser_->take_field(name, value);
    has_two_framings_ = true;
    return rest;
}

std::size_t H1Answer::parse_body(std::string_view bytes) {
    // Beast asserts that it sees a last chunk whole; the shortest is "0\r\n\r\n".
    constexpr std::size_t shortest_last_chunk = 5;
    if (parser_->is_between_chunks() && bytes.size() < shortest_last_chunk) return 0;
    const std::size_t parsed = put(bytes);
    if (bytes.size() - parsed > limits_.chunk_overhead_bytes && !parser_->is_done()) {
        fail_too_large("chunk extensions and trailers", limits_.chunk_overhead_bytes);
    }
    return parsed;
}

std::size_t H1Answer::put(std::string_view bytes) {
    boost::beast::error_code error;
    const std::size_t parsed = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error && error != boost::beast::http::error::need_more) fail_protocol(error.message());
    return parsed;
}

void H1Answer::end_interim_response() {
    if (response_.status == 101) fail_protocol("the server switched to another protocol (101)");
    if (++interim_responses_ > limits_.interim_responses) {
        throw Error(ErrorCode::too_large, fmt::format("more than {} interim answers came", limits_.interim_responses));
    }
    response_.headers.clear();
    parser_.emplace(response_, limits_, memory_, answers_head_);
}

/// Refuses at once what can't become an answer, rather than wait for an end that may never come.
void H1Answer::check_unfinished_head(std::string_view bytes) {
    constexpr std::string_view version = "HTTP/1.";
    const std::size_t known = std::min(bytes.size(), version.size());
    if (bytes.substr(0, known) != version.substr(0, known))
        fail_protocol(fmt::format("it begins with '{}'", printable(bytes, 24)));
    // Neither half of a line's end stands alone (RFC 9112, section 2.2): whoever takes it for an end finds other fields
    // than whoever does not.
    while (checked_ < bytes.size()) {
        const std::size_t cr = bytes.find('\r', checked_);
        const std::size_t lf = bytes.find('\n', checked_);
        if (lf < cr) fail_protocol("a line of its header ends without CR");
        checked_ = std::min(cr, bytes.size());
        if (checked_ + 1 >= bytes.size()) return;
        if (lf != cr + 1) fail_protocol("a CR stands alone in its header");
        checked_ += 2;
    }
}

}  // namespace plait::http::internal
