#pragma once

#include "plait/http/message/headers.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace plait::http {

/// A request as a server received it.
struct ReceivedRequest {
    ReceivedRequest() {}

    void clear();

    std::string method;
    std::string target;
    Headers headers;
    std::string body;
    bool is_http_1_0 = false;
    /// Whether the client keeps the connection for more requests.
    bool keep_alive = false;
};

/// The most that a server takes of a request.
class RequestBounds {
  public:
    RequestBounds(std::size_t header_bytes_, std::size_t body_bytes_) noexcept
        : header_bytes(header_bytes_), body_bytes(body_bytes_) {}

    std::size_t header_bytes;  ///< of the request line and the header fields
    std::size_t body_bytes;
};

/// Parses the requests of one connection for a server (RFC 9112), without any I/O: bytes go in as they arrive, requests
/// come out one by one.
///
///     RequestReader reader({16 * 1024, 1024});
///     while (reader.receive(read()) == RequestReader::Progress::needs_more) {}
class RequestReader {
  public:
    enum class Progress { needs_more, complete, refused };

    explicit RequestReader(RequestBounds bounds);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;
    ~RequestReader();

    /// Takes bytes in pieces of any size, and stops after a request. The next call, with or without bytes, goes on to
    /// the next request.
    Progress receive(std::string_view bytes = {});

    /// Whether the head of the request is complete; its body may not be.
    bool has_head() const;

    /// The request, as far as it is complete.
    const ReceivedRequest& request() const noexcept;

    /// The status for a refused request: 400, 413 or 431 (RFC 9110, section 15.5).
    int refusal() const noexcept;

    /// True once for a request whose client waits for 100 Continue before it sends the body.
    bool take_expectation();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::http
