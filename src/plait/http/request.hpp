#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/headers.hpp"
#include "plait/http/url.hpp"

#include <optional>
#include <string>

namespace plait::http {

/// What to send.
class Request {
  public:
    /// Throws `Error(bad_input)` when `method` is not a token (RFC 9110, section 9.1) or `url` is not an absolute
    /// http(s) URL. A standard method is meant in any case, and sent in capitals: `get` is `GET`. Any other is sent as
    /// it is written.
    Request(std::string method, Url url);

    const std::string& method() const noexcept { return method_; }

    Url url;

    /// Sent in their order, after `Host` and whatever the session adds. `Host` given here replaces the one from the
    /// URL. `Content-Length` and `Transfer-Encoding` are refused when sending, because they come from `body`.
    Headers headers;

    /// The bytes of the body. POST, PUT and PATCH say `Content-Length: 0` when it is empty; other methods then say
    /// nothing.
    std::string body;

    /// The time limit of one attempt, from its start to the last byte of the answer; none: the session's.
    std::optional<Duration> timeout;

    /// Sent over a connection of its own, not over one that was kept from an earlier exchange.
    bool over_new_connection = false;

  private:
    std::string method_;
};

/// Whether the request may reach the server twice without harm: its method is idempotent (RFC 9110, section 9.2.2), or
/// it has an `Idempotency-Key`.
bool is_repeatable(const Request& request);

}  // namespace plait::http
