#pragma once

#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/h1/internal/chunk_parser.hpp"
#include "plait/http/h1/internal/h1_states.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/transfer/internal/body_receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plait::http::internal {

/// Parses one HTTP/1.x message (RFC 9112), and writes its parts into a `Response`. A parser serves for one message.
class MessageParser {
  public:
    /// The first three must outlive the parser.
    MessageParser(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding,
                  std::string_view until_event) noexcept;

    /// Parses a complete head, including the empty line at its end. Returns how the body ends: one of the five events
    /// ending in `_head`. Throws `Error` with `protocol` or `too_large`.
    AnswerEvent put_head(std::string_view head, bool answers_head_request);

    /// Parses some of the body. Returns the number of bytes parsed; the others must come again, with more behind them.
    /// Throws as `put_head` does.
    std::size_t put_body(std::string_view bytes);

    /// Ends the body. Throws `Error(protocol)` when its coded data is truncated.
    void end_body() { body_.end(); }

    bool has_last_event() const noexcept { return body_.has_last_event(); }

    /// The others are for after `put_head`.
    ///
    /// Whether the message is complete. Never, when it ends with the connection.
    bool is_done() const noexcept;
    /// How many bytes of a body with a length are missing.
    std::uint64_t missing() const noexcept { return missing_; }
    /// Whether the message has both Content-Length and Transfer-Encoding, which it may only without a body.
    bool has_two_framings() const noexcept { return facts_.content_length && facts_.is_chunked; }
    /// Whether the fields let the connection carry another message.
    bool lets_connection_persist() const noexcept;

  private:
    void put_status_line(std::string_view line);
    void put_field(const Header& field);
    void note(const Header& field);
    void note_length(std::string_view value);
    void note_transfer_coding(std::string_view value);
    void note_connection(std::string_view value);

    Response& response_;
    const Limits& limits_;
    BodyReceiver body_;
    ChunkParser chunks_;
    HeadFacts facts_;
    AnswerEvent framing_ = AnswerEvent::unsized_head;
    std::uint64_t missing_ = 0;
    bool is_http_1_0_ = false;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
};

}  // namespace plait::http::internal
