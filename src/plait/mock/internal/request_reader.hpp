#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/mock/mock_options.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace plait::mock::internal {

/// A request as it was received.
struct ReceivedRequest {
    ReceivedRequest() {}

    void clear();

    std::string method;
    std::string target;
    http::Headers headers;
    std::string body;
    bool is_http_1_0 = false;
    /// Whether the client keeps the connection for more requests.
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

/// Parses the requests of one connection (RFC 9112), without any I/O: bytes go in as they arrive, requests come out one
/// by one.
class RequestReader {
  public:
    enum class Progress { needs_more, complete, refused };

    /// `limits` must outlive the reader.
    explicit RequestReader(const MockOptions& limits);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Takes bytes in pieces of any size, and stops after a request. The next call, with or without bytes, goes on to
    /// the next request.
    Progress receive(std::string_view bytes = {});

    /// Whether the head of the request is complete; its body may not be.
    bool has_head() const { return parser_->is_header_done(); }

    /// The request, as far as it is complete.
    const ReceivedRequest& request() const noexcept { return request_; }

    /// The status for a refused request: 400, 413 or 431 (RFC 9110, section 15.5).
    int refusal() const noexcept { return refusal_; }

    /// True once for a request whose client waits for 100 Continue before it sends the body.
    bool take_expectation();

  private:
    std::size_t parse(std::string_view bytes);
    void begin();

    const MockOptions& limits_;
    ReceivedRequest request_;
    std::optional<RequestParser> parser_;  ///< a new one for each request: Beast's can't be reused
    std::string pending_;                  ///< received, and too little to be parsed, or part of later requests
    int refusal_ = 0;
    bool told_to_continue_ = false;
};

}  // namespace plait::mock::internal
