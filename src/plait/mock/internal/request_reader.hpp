#pragma once

#include "plait/http/headers.hpp"
#include "plait/mock/mock_options.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace plait::mock::internal {

/// A request as it came.
struct ReceivedRequest {
    ReceivedRequest() {}

    void clear();

    std::string method;
    std::string target;
    http::Headers headers;
    std::string body;
    bool is_http_1_0 = false;
    /// Whether the client means to send more over the connection.
    bool keep_alive = false;
};

/// Writes the parts of one request into a `ReceivedRequest`, as Boost.Beast's parser finds them.
class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    RequestParser(ReceivedRequest& request, const MockOptions& limits);

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                         error_code&) override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override;
    void on_finish_impl(error_code&) override {}

    ReceivedRequest& request_;
};

/// The requests of one connection (RFC 9112), without any I/O: bytes go in as they come, requests come out one by one.
class RequestReader {
  public:
    enum class Progress { needs_more, complete, refused };

    /// `limits` must outlive the reader.
    explicit RequestReader(const MockOptions& limits);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Takes bytes in pieces of any size, and stops behind a request; without bytes, or with more, it goes on to the
    /// next.
    Progress receive(std::string_view bytes = {});

    /// Whether the request's method, target and fields are there, perhaps not yet its body.
    bool has_head() const { return parser_->is_header_done(); }

    /// The request, when it is complete; its head, when that is there.
    const ReceivedRequest& request() const noexcept { return request_; }

    /// The status of the answer to what was refused: 400, 413 or 431 (RFC 9110, section 15.5).
    int refusal() const noexcept { return refusal_; }

    /// True once for a request whose head has come, and whose client waits to be told to send the body.
    bool take_expectation();

  private:
    std::size_t parse(std::string_view bytes);
    void begin();

    const MockOptions& limits_;
    ReceivedRequest request_;
    std::optional<RequestParser> parser_;  ///< a new one for each request: Beast's serves once
    std::string pending_;                  ///< received, and too little to be parsed, or of later requests
    int refusal_ = 0;
    bool told_to_continue_ = false;
};

}  // namespace plait::mock::internal
