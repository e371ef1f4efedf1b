#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/body/body_parts.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/url.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace plait::http {

/// A request to send.
///
///     http::Request request("POST", "https://api.example/v1/items");
///     request.headers.add("Content-Type", "application/json");
///     request.body = R"({"name": "x"})";
///     request.timeout = std::chrono::seconds(5);
class Request {
  public:
    /// Throws `Error(bad_input)` when `method` is not a token (RFC 9110, section 9.1) or is CONNECT, or when `url` is
    /// not an absolute http(s) URL. Standard methods are sent in capitals, however they are written; others unchanged.
    Request(std::string method, Url url);

    const std::string& method() const noexcept { return method_; }

    Url url;

    /// Sent in this order, after `Host`. The session adds its own headers, `User-Agent` and `Accept` where there are
    /// none here. A `Host` here replaces the one of the URL. `Content-Length` comes from `body`: another value is
    /// refused when the request is sent, and so is `Transfer-Encoding`.
    Headers headers;

    /// The bytes of the body. When it is empty, POST, PUT and PATCH send `Content-Length: 0`, and other methods no
    /// length.
    std::string body;

    /// Sent instead of `body`, unless it is null.
    std::shared_ptr<const BodyParts> body_parts;

    /// Time limit for one attempt, from its start to the last byte of the answer. None: `Timeouts::attempt`.
    std::optional<Duration> timeout;

    /// How much time the call that the attempt belongs to has left: a second limit on the attempt. None: no other.
    std::optional<Duration> time_left;

    /// Never reuse a connection that was kept from an earlier exchange.
    bool over_new_connection = false;

    /// Send none of `SessionOptions::headers`: after a redirect to another origin they may be credentials. Of
    /// `SessionOptions::credentials`, only those that name the server count.
    bool without_default_headers = false;

    /// Send none of `SessionOptions::credentials`: a redirect led from https to http.
    bool without_credentials = false;

  private:
    std::string method_;
};

/// The size of the request's body in bytes.
std::uint64_t body_size(const Request& request) noexcept;

/// Whether the request is safe to repeat: its method is idempotent (RFC 9110, section 9.2.2), or it has an
/// `Idempotency-Key`.
bool is_repeatable(const Request& request);

}  // namespace plait::http
