#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/text/rare_text.hpp"
#include "plait/http/body/saved_body.hpp"
#include "plait/http/message/headers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plait::http {

/// How long each phase of an attempt took. The phases follow each other; a phase that was not needed took 0.
struct Timings {
    Duration dns{};      ///< looking up the host
    Duration connect{};  ///< opening a TCP connection
    Duration tls{};      ///< agreeing on encryption
    Duration send{};     ///< handing the request to the system
    Duration wait{};     ///< waiting for the first byte of the answer
    Duration receive{};  ///< receiving the rest of it
};

/// The version of HTTP in which an answer came. The name of a version is that of the results: `1.1`, `2`.
enum class HttpVersion : std::uint8_t { http_1_1, http_2 };

std::string_view to_string(HttpVersion version) noexcept;

/// A complete answer.
///
///     if (response.status == 200 && response.headers.get("Content-Type") == "application/json") parse(response.body);
class Response {
  public:
    Response() noexcept {}

    int status = 0;  ///< 200 to 999
    /// The URL that it comes from, with its fragment, as `send_following` sets it. Empty: that of the request.
    RareText url;
    std::string reason;
    Headers headers;
    /// The bytes of the body: without its transfer coding (chunks) and, if `is_decoded`, its content codings.
    std::string body;
    /// The content codings of the body, in lower case, in the order in which they were applied: `gzip`, or `gzip, br`.
    /// Empty: none, or there is no body.
    RareText coding;
    /// Whether these were undone. `headers` are those of the body as it came.
    bool is_decoded = false;
    /// The body instead, if it was large and `BodyMemory` has a folder. Its file goes away with the last copy of the
    /// response, unless it is kept.
    std::shared_ptr<SavedBody> saved_body;
    /// The fields that followed a chunked body.
    Headers trailers;
    Timings timings;
    /// Whether the connection had carried an earlier request.
    bool reused = false;
    HttpVersion version = HttpVersion::http_1_1;
    /// The number of the connection that it came over, among all that the session has opened, from 1.
    std::uint64_t connection = 0;
    /// The proxy that relayed the request, such as `http://proxy.example:3128`: the answer may be its own, since an
    /// answer does not say whose it is. Empty: the answer came from the server, directly or through a tunnel.
    RareText relay;
};

/// Whether the answer is a stream of server-sent events (`text/event-stream`).
bool is_event_stream(const Response& response) noexcept;

/// Whether a part of the answer's body is worth something: it is a stream of events, or one JSON value a line.
bool is_stream(const Response& response) noexcept;

/// The size of the answer's body in bytes, in memory or in a file.
inline std::uint64_t body_size(const Response& response) noexcept {
    return response.saved_body ? response.saved_body->size() : response.body.size();
}

}  // namespace plait::http
