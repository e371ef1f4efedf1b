#include "plait/http/h1/internal/h1_answer.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace plait::http::internal {

namespace {

constexpr std::size_t common_header_count = 16;

/// The lines with a CR before each LF that had none.
std::string with_line_ends(std::string_view lines) {
    std::string proper;
    proper.reserve(lines.size() + common_header_count);
    for (const char c : lines) {
        if (c == '\n' && !proper.ends_with('\r')) proper += '\r';
        proper += c;
    }
    return proper;
}

/// What a connection that closed in `state` cut off.
std::string describe_cut(AnswerState state, std::uint64_t size, std::uint64_t missing, bool is_anything_there) {
    switch (state) {
        case AnswerState::chunked_body:
            return fmt::format("before the last chunk, after {} bytes of the body", size);
        case AnswerState::sized_body:
            return fmt::format("after {} of {} bytes of the body", size, size + missing);
        default:
            return is_anything_there ? "in the middle of the answer's header" : "without an answer";
    }
}

}  // namespace

H1Answer::H1Answer(const Request& request, const Limits& limits, BodyMemory& memory, Response& response,
                   Decoding decoding, std::string_view until_event)
    : limits_(limits),
      memory_(memory),
      response_(response),
      decoding_(decoding),
      until_event_(until_event),
      answers_head_request_(request.method() == "HEAD") {
    parser_.emplace(response_, limits_, memory_, decoding_, until_event_);
}

void H1Answer::apply(AnswerEvent event) {
    const auto next = next_state(state_, event);
    PLAIT_ASSERT(next, "an answer met an event that its state does not allow");
    state_ = *next;
}

void H1Answer::receive(std::string_view bytes) {
    try {
        take_in(bytes);
    } catch (...) {
        apply(AnswerEvent::violation);
        throw;
    }
}

void H1Answer::receive_end() {
    const AnswerState before = state_;
    if (before == AnswerState::unsized_body) {
        try {
            parser_->end_body();
        } catch (...) {
            apply(AnswerEvent::violation);
            throw;
        }
    }
    apply(AnswerEvent::stream_end);
    if (state_ != AnswerState::failed) return;
    const std::uint64_t missing = before == AnswerState::sized_body ? parser_->missing() : 0;
    const bool is_anything_there = !pending_.empty() || interim_answers_ > 0;
    throw Error(ErrorCode::reset, "the server closed the connection " +
                                      describe_cut(before, body_size(response_), missing, is_anything_there));
}

bool H1Answer::is_unsized_refusal() const noexcept {
    return state_ == AnswerState::unsized_body && response_.status >= 400;
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

/// Parses what can be parsed, and keeps the rest until more arrives.
void H1Answer::take_in(std::string_view bytes) {
    std::size_t unparsed;
    if (pending_.empty()) {
        bytes.remove_prefix(parse(bytes));
        if (!is_done()) pending_ = bytes;
        unparsed = bytes.size();
    } else {
        pending_ += bytes;
        const std::size_t parsed = parse(pending_);
        unparsed = pending_.size() - parsed;
        if (unparsed == 0 || is_done()) {
            pending_ = {};  // not clear(): a call that waits for the rest of a body keeps no buffer
        } else {
            pending_.erase(0, parsed);
        }
    }
    if (!is_done() && parser_->has_last_event()) {
        pending_ = {};
        apply(AnswerEvent::wanted_event);
    } else if (is_done() && unparsed > 0) {
        apply(AnswerEvent::surplus);
    }
}

/// Returns the number of bytes parsed.
std::size_t H1Answer::parse(std::string_view bytes) {
    std::size_t parsed = 0;
    while (!is_done() && parsed < bytes.size()) {
        const std::string_view rest = bytes.substr(parsed);
        const std::size_t step = state_ == AnswerState::head ? parse_head(rest) : parse_body(rest);
        if (step == 0) break;
        parsed += step;
    }
    return parsed;
}

/// Hands a head to the parser once it is complete: so its limit is exact, however the bytes were split.
std::size_t H1Answer::parse_head(std::string_view bytes) {
    const std::optional<std::size_t> end = find_end_of_head(bytes);
    const std::size_t size = end.value_or(bytes.size());
    if (size > limits_.header_bytes) fail_too_large("header", limits_.header_bytes, "--max-header-bytes");
    if (!end) {
        check_unfinished_head(bytes);
        return 0;
    }
    searched_ = checked_ = 0;
    response_.headers.reserve(common_header_count, size);
    const std::string_view head = bytes.substr(0, size);
    end_head(parser_->put_head(has_lone_lf_ ? with_line_ends(head) : head, answers_head_request_));
    return size;
}

/// Returns the size of the head with the empty line at its end; nothing if that has not come.
std::optional<std::size_t> H1Answer::find_end_of_head(std::string_view bytes) {
    for (;; ++searched_) {
        searched_ = std::min(bytes.find('\n', searched_), bytes.size());
        const std::string_view behind = bytes.substr(std::min(searched_ + 1, bytes.size()), 2);
        if (behind.empty() || behind == "\r") return std::nullopt;
        const bool ends_in_lf = behind.front() == '\n';
        has_lone_lf_ = has_lone_lf_ || ends_in_lf || searched_ == 0 || bytes[searched_ - 1] != '\r';
        if (ends_in_lf) return searched_ + 2;
        if (behind == "\r\n") return searched_ + 3;
    }
}

/// Refuses at once what can't become an answer, rather than wait for an end that may never come.
void H1Answer::check_unfinished_head(std::string_view bytes) {
    constexpr std::string_view version = "HTTP/1.";
    const std::size_t known = std::min(bytes.size(), version.size());
    if (bytes.substr(0, known) != version.substr(0, known)) {
        fail_protocol(fmt::format("it begins with '{}'", escaped(bytes, 24)));
    }
    // A reader that takes a CR alone for the end of a line finds other fields than a reader that does not (RFC 9112,
    // section 2.2).
    for (;;) {
        checked_ = std::min(bytes.find('\r', checked_), bytes.size());
        if (checked_ + 1 >= bytes.size()) return;
        if (bytes[checked_ + 1] != '\n') fail_protocol("a CR stands alone in its header");
        checked_ += 2;
    }
}

std::size_t H1Answer::parse_body(std::string_view bytes) {
    const std::size_t parsed = parser_->put_body(bytes);
    if (parser_->is_done()) end_answer();
    return parsed;
}

void H1Answer::end_head(AnswerEvent event) {
    apply(event);
    if (event == AnswerEvent::interim_head) {
        end_interim_answer();
    } else if (parser_->is_done()) {
        end_answer();
    }
}

void H1Answer::end_interim_answer() {
    wants_body_ = wants_body_ || response_.status == 100;
    if (response_.status == 101) fail_protocol("the server switched to another protocol (101)");
    if (++interim_answers_ > limits_.interim_responses) {
        throw Error(ErrorCode::too_large, fmt::format("more than {} interim answers came", limits_.interim_responses));
    }
    had_two_framings_ = had_two_framings_ || parser_->has_two_framings();
    response_.headers.clear();
    parser_.emplace(response_, limits_, memory_, decoding_, until_event_);
}

/// The body may be empty, and have ended with the head.
void H1Answer::end_answer() {
    if (state_ != AnswerState::done) {
        parser_->end_body();
        apply(AnswerEvent::body_end);
    }
    if (had_two_framings_ || has_lone_lf_ || !parser_->lets_connection_persist()) apply(AnswerEvent::no_reuse);
}

}  // namespace plait::http::internal
