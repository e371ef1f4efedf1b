#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/body_memory.hpp"
#include "plait/http/limits.hpp"
#include "plait/http/request.hpp"
#include "plait/http/response.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// The request line and header fields of `request` as they go on the wire (RFC 9112), with the empty line at their end;
/// `request.body` follows. A field of `defaults` is sent when the request has none of that name.
///
/// `Host` comes first. `User-Agent` and `Accept` are added when neither has them. Throws `Error(bad_input)` for fields
/// that would contradict what is sent: a second `Host`, a `Content-Length` that is not the body's, any
/// `Transfer-Encoding`, and a `Connection` other than `close` and `keep-alive`.
std::string serialize_head(const Request& request, const Headers& defaults);

/// Whether that head says `Connection: close`: the connection carries no other request (RFC 9112, section 9.6).
bool asks_to_close(const Request& request, const Headers& defaults);

/// Writes the parts of one HTTP/1.x message into a `Response`, as Boost.Beast's parser finds them. Throws `Error`.
class MessageParser final : public boost::beast::http::basic_parser<false> {
  public:
    MessageParser(Response& response, const Limits& limits, BodyMemory& memory, bool answers_head);

    bool is_http_1_0() const noexcept { return version_ == 10; }
    /// Whether the next byte belongs to a body of chunks, but to none of its chunks.
    bool is_between_chunks() const noexcept { return chunked() && chunk_remaining_ == 0; }

    /// Takes in a header field.
    void take_field(std::string_view name, std::string_view value);

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view reason, int version, error_code&) override;
    void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
    void on_header_impl(error_code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
    std::size_t on_body_impl(string_view bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code&) override;
    std::size_t on_chunk_body_impl(std::uint64_t remaining, string_view bytes, error_code&) override;
    void on_finish_impl(error_code&) override {}

    void check_body_size(std::uint64_t size) const;
    void make_room(std::size_t size);
    void count_chunk_overhead(std::size_t bytes);

    Response& response_;
    const Limits& limits_;
    BodyMemory& memory_;
    BodyMemory::Share share_;
    int version_ = 0;
    std::uint64_t chunk_remaining_ = 0;
    std::size_t chunk_overhead_ = 0;
};

/// The answer to one request over HTTP/1.1 (RFC 9112), without any I/O: bytes go in as they come, a `Response` comes
/// out.
///
///     head ──1xx──► head                                          (at most Limits::interim_responses times)
///       │
///       ├──no body: HEAD, 204, 304, length 0 ───────────────────────► done
///       ├──Content-Length──► body ──that many bytes ────────────────► done
///       ├──chunked ────────► chunks ──last chunk and trailers ──────► done
///       └──neither ────────► body ──end of the stream ──────────────► done
///
/// The end of the stream at any other place, a broken rule or a passed limit throws `Error`, and the answer is useless
/// from then on; so is the connection. What is cut is never taken for whole.
class H1Answer {
  public:
    /// `limits`, `memory` and `response`, which is a new one, must outlive the answer.
    H1Answer(const Request& request, const Limits& limits, BodyMemory& memory, Response& response);
    H1Answer(const H1Answer&) = delete;
    H1Answer& operator=(const H1Answer&) = delete;

    /// Takes bytes in pieces of any size. Throws `Error` with `protocol` or `too_large`.
    void receive(std::string_view bytes);

    /// Takes the end of the stream. Throws `Error(reset)` when something is missing.
    void receive_end();

    bool is_done() const noexcept { return is_done_; }

    /// Whether the header has come of an answer that refuses the request (4xx, 5xx), and whose body ends with the
    /// connection.
    bool is_refusal_up_to_end() const;

    /// Whether the connection may carry another request as far as the server goes: the answer is done, does not end the
    /// connection, and not a byte followed.
    bool keep_alive() const;

    /// How long the server said that it keeps an idle connection (`Keep-Alive: timeout=5`).
    std::optional<Duration> keep_alive_timeout() const;

  private:
    std::size_t parse(std::string_view bytes);
    std::size_t parse_head(std::string_view bytes);
    std::size_t parse_body(std::string_view bytes);
    void put_head(std::string_view head);
    std::size_t put(std::string_view bytes);
    void end_interim_response();
    std::string without_transfer_encoding(std::string_view head);
    bool has_no_body(std::string_view head) const;
    void check_unfinished_head(std::string_view bytes);

    const Limits& limits_;
    BodyMemory& memory_;
    Response& response_;
    bool answers_head_;
    bool is_done_ = false;
    bool has_surplus_ = false;
    bool has_two_framings_ = false;  ///< Content-Length and Transfer-Encoding, of an answer without a body
    std::size_t interim_responses_ = 0;
    std::size_t searched_ = 0;             ///< how much of an unfinished head is known not to hold its end
    std::size_t checked_ = 0;              ///< how much of it has line ends as they should be
    std::string pending_;                  ///< received, and too little to be parsed
    std::optional<MessageParser> parser_;  ///< a new one for each message: Beast's serves once
};

}  // namespace plait::http::internal
