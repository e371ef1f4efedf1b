#pragma once

#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace plait::http {

/// An attempt that brought no answer. `Session::send` lists its codes.
///
/// `what()` names the request (without its query), the reason, the phase and the time since the start:
/// `GET https://a.example/x: connect a.example:443: timed out after 5 s (connecting, 5 s after the start)`.
class SendError : public Error {
  public:
    SendError(ErrorCode code, const std::string& message, bool maybe_sent, bool was_stale = false,
              bool was_refused = false)
        : Error(code, message), maybe_sent_(maybe_sent), was_stale_(was_stale), was_refused_(was_refused) {}

    /// False only when certainly no byte of the request reached the server, or the server says that it has not
    /// processed it. Otherwise it may have been executed.
    bool maybe_sent() const noexcept { return maybe_sent_; }

    /// Whether the request went over a kept connection that ended before the first byte of the answer. Most likely the
    /// server had closed it before the request arrived. A request that is safe to repeat can be sent again at once,
    /// with `Request::over_new_connection`.
    bool was_stale() const noexcept { return was_stale_; }

    /// Whether an HTTP/2 server has turned the request away unprocessed: it refused the stream, or says goodbye and
    /// stops before it (RFC 9113, section 8.7). Any request can be sent again at once.
    bool was_refused() const noexcept { return was_refused_; }

    /// What had come of a stream (`is_stream`) when the time for it was up; null: nothing, or it is no stream.
    const std::shared_ptr<Response>& partial() const noexcept { return partial_; }
    void add_partial(std::shared_ptr<Response> partial) noexcept { partial_ = std::move(partial); }

    /// Whether the same request would fail again in the same way: a proxy refuses it by a rule, or for want of the
    /// right credentials.
    bool is_permanent() const noexcept { return is_permanent_; }
    void set_permanent() noexcept { is_permanent_ = true; }

    /// The number of the connection that the request was sent over, as in `Response`; 0: none was open.
    std::uint64_t connection() const noexcept { return connection_; }
    void set_connection(std::uint64_t number) noexcept { connection_ = number; }

  private:
    std::shared_ptr<Response> partial_;
    std::uint64_t connection_ = 0;
    bool maybe_sent_;
    bool was_stale_;
    bool was_refused_;
    bool is_permanent_ = false;
};

}  // namespace plait::http
