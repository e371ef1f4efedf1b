#pragma once

#include "plait/http/message/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http {

/// How a server's side of an HTTP/2 connection behaves.
struct Http2ServerOptions {
    std::uint32_t max_streams = 100;
    /// The most bytes of the header and of the body of one request. A larger one is refused (RST_STREAM).
    std::size_t header_bytes = 64 * 1024;
    std::size_t body_bytes = 100 * 1024 * 1024;
};

/// The server's side of an HTTP/2 connection (RFC 9113), without any I/O: bytes go in as they arrive, requests come
/// out; answers go in, and bytes come out. For servers that are part of tests and rehearsals.
///
///     Http2Server server({});
///     server.receive(read());
///     while (auto request = server.take_request()) {
///         server.begin_answer(request->stream, 200, headers);
///         server.add_body(request->stream, "hi");
///         server.end_answer(request->stream);
///     }
///     write(server.take_output(64 * 1024));
class Http2Server {
  public:
    /// A complete request.
    struct Request {
        std::int32_t stream = 0;
        std::string method;
        std::string target;
        /// With `Host`, which is the request's `:authority`. Several `Cookie` fields are one.
        Headers headers;
        std::string body;
    };

    explicit Http2Server(const Http2ServerOptions& options);
    Http2Server(Http2Server&&) noexcept;
    Http2Server& operator=(Http2Server&&) noexcept;
    ~Http2Server();

    /// Takes bytes in pieces of any size. False when the client broke the rules: send the output that is left and
    /// close.
    bool receive(std::string_view bytes);

    /// Returns the next request that is complete.
    std::optional<Request> take_request();

    /// Whether a stream can still be answered: it is open, and the client has not reset it.
    bool is_open(std::int32_t stream) const;

    // Each does nothing for a stream that is not open. `status` is any text, and headers are sent as they are.
    void begin_answer(std::int32_t stream, std::string_view status, const Headers& headers);
    void add_body(std::int32_t stream, std::string_view bytes);
    void end_answer(std::int32_t stream);
    void reset(std::int32_t stream, std::uint32_t code);

    /// How many bytes of the body wait for the client's windows.
    std::size_t unsent(std::int32_t stream) const;

    /// Says goodbye (GOAWAY): streams above `last_stream` are not processed.
    void say_goodbye(std::int32_t last_stream, std::uint32_t code, std::string_view text = "");

    /// Whether the connection is to be closed once all output is sent: the goodbye was said, and no stream is open.
    bool is_done() const noexcept;

    /// The next bytes to send, about `most` of them; empty when there are none now.
    std::string take_output(std::size_t most);

    // Error codes (RFC 9113, section 7).
    static constexpr std::uint32_t no_error = 0, internal_error = 2, refused_stream = 7, cancel = 8,
                                   http_1_1_required = 13;

    /// The bytes with which a client begins (RFC 9113, section 3.4).
    static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::http
