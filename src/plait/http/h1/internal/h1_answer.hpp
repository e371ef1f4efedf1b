#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/h1/internal/h1_states.hpp"
#include "plait/http/h1/internal/message_parser.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/transfer/internal/body_receiver.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// The answer to one request over HTTP/1.1 (RFC 9112), without any I/O: bytes go in as they arrive, a `Response` comes
/// out.
///
///     Response response;
///     H1Answer answer(request, limits, memory, response);
///     while (!answer.is_done()) {
///         const std::string bytes = read();
///         bytes.empty() ? answer.receive_end() : answer.receive(bytes);
///     }
///
/// Its states and what leads from one to the next are the table in `h1_states.cpp`. When a function throws, the answer
/// has failed: neither it nor the connection can be used any more.
///
/// A line of a head may end in LF alone, as curl and browsers take it and RFC 9112, section 2.2, permits; chunks and
/// trailers may not. The connection is then not used again: another reader on the way may see other lines.
class H1Answer {
  public:
    /// `limits`, `memory` and `response`, which is empty, must outlive the answer, and so must what `until_event`
    /// points to: the name of the event that ends an event stream.
    H1Answer(const Request& request, const Limits& limits, BodyMemory& memory, Response& response,
             Decoding decoding = Decoding::on, std::string_view until_event = {});
    H1Answer(const H1Answer&) = delete;
    H1Answer& operator=(const H1Answer&) = delete;

    /// Takes bytes in pieces of any size. Throws `Error` with `protocol` or `too_large`.
    void receive(std::string_view bytes);

    /// Takes the end of the stream. Throws `Error(reset)` when something is missing, and `Error(protocol)` when the
    /// coded data of a body that ends with the stream is truncated.
    void receive_end();

    AnswerState state() const noexcept { return state_; }

    /// Whether the answer is complete.
    bool is_done() const noexcept { return state_ == AnswerState::done || state_ == AnswerState::must_close; }

    /// Whether the server lets the connection carry another request: the answer is complete, does not end the
    /// connection, and not a byte followed it.
    bool keep_alive() const noexcept { return state_ == AnswerState::done; }

    /// Whether the server has said that it wants the request's body (100).
    bool wants_body() const noexcept { return wants_body_; }

    /// Whether the head of a refusal (4xx, 5xx) has arrived whose body ends with the connection.
    bool is_unsized_refusal() const noexcept;

    /// How long the server says that it keeps an idle connection (`Keep-Alive: timeout=5`).
    std::optional<Duration> keep_alive_timeout() const;

  private:
    void apply(AnswerEvent event);
    void take_in(std::string_view bytes);
    std::size_t parse(std::string_view bytes);
    std::size_t parse_head(std::string_view bytes);
    std::optional<std::size_t> find_end_of_head(std::string_view bytes);
    std::size_t parse_body(std::string_view bytes);
    void check_unfinished_head(std::string_view bytes);
    void end_head(AnswerEvent event);
    void end_interim_answer();
    void end_answer();

    const Limits& limits_;
    BodyMemory& memory_;
    Response& response_;
    const Decoding decoding_;
    const std::string_view until_event_;
    const bool answers_head_request_;
    AnswerState state_ = AnswerState::head;
    bool wants_body_ = false;
    bool had_two_framings_ = false;  ///< of an interim answer, after which the connection must not be used again
    bool has_lone_lf_ = false;       ///< at the end of a line of a head
    std::size_t interim_answers_ = 0;
    std::size_t searched_ = 0;             ///< how much of an unfinished head is known not to hold its end
    std::size_t checked_ = 0;              ///< how much of it has no CR alone
    std::string pending_;                  ///< received, and too little to be parsed
    std::optional<MessageParser> parser_;  ///< a new one for each interim answer and for the final one
};

}  // namespace plait::http::internal
