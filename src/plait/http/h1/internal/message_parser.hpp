#pragma once

#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/h1/internal/h1_states.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/transfer/internal/body_receiver.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Parses one HTTP/1.x message with Boost.Beast, and writes its parts into a `Response`.
///
/// This is the one class that knows Beast. It feeds Beast what it accepts where it is stricter than it should be, and
/// keeps the limits itself, so that they hold however the bytes were split. A parser serves for one message.
class MessageParser final : private boost::beast::http::basic_parser<false> {
  public:
    /// The first three must outlive the parser.
    MessageParser(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding,
                  std::string_view until_event);

    /// Parses a complete head, including the empty line at its end. Without `may_have_body` the message ends with it,
    /// whatever its fields say. Throws `Error` with `protocol` or `too_large`.
    void put_head(std::string_view head, bool may_have_body);

    /// Parses some of the body. Returns the number of bytes parsed; the others must come again, with more behind them.
    /// Throws as `put_head` does.
    std::size_t put_body(std::string_view bytes);

    /// Ends the body. Throws `Error(protocol)` when its coded data is truncated.
    void end_body() { body_.end(); }

    bool has_last_event() const noexcept { return body_.has_last_event(); }

    /// The others are for after `put_head`.
    HeadFacts facts() const;
    /// Whether the message is complete. Never, when it ends with the connection.
    using basic_parser::is_done;
    /// How many bytes of a body with a length are missing.
    std::uint64_t missing() const { return content_length_remaining().value_or(0); }
    /// Whether the message has both Content-Length and Transfer-Encoding, which it may only without a body.
    bool has_two_framings() const noexcept { return has_two_framings_; }
    /// Whether the fields let the connection carry another message.
    bool lets_connection_persist() const;

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view reason, int version, error_code&) override;
    void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
    void on_header_impl(error_code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code&) override;
    std::size_t on_chunk_body_impl(std::uint64_t remaining, string_view bytes, error_code&) override;
    void on_finish_impl(error_code&) override {}

    std::size_t put_bytes(std::string_view bytes);
    std::string without_transfer_encoding(std::string_view head);
    void add_field(std::string_view name, std::string_view value);
    void count_chunk_overhead(std::size_t bytes);

    Response& response_;
    const Limits& limits_;
    BodyReceiver body_;
    int version_ = 0;
    bool has_two_framings_ = false;
    std::uint64_t chunk_remaining_ = 0;
    std::size_t chunk_overhead_ = 0;
};

}  // namespace plait::http::internal
