#pragma once

#include "plait/base/error.hpp"

#include <string>

namespace plait::http {

/// An attempt that brought no answer. `Session::send` lists its codes.
///
/// `what()` names the request (without its query), the reason, the phase and the time since the start:
/// `GET https://a.example/x: connect a.example:443: timed out after 5 s (connecting, 5 s after the start)`.
class SendError : public Error {
  public:
    SendError(ErrorCode code, const std::string& message, bool maybe_sent, bool was_stale = false)
        : Error(code, message), maybe_sent_(maybe_sent), was_stale_(was_stale) {}

    /// False only when certainly no byte of the request reached the server. Otherwise it may have been executed.
    bool maybe_sent() const noexcept { return maybe_sent_; }

    /// Whether the request went over a kept connection that ended before the first byte of the answer. Most likely the
    /// server had closed it before the request arrived. A request that is safe to repeat can be sent again at once,
    /// with `Request::over_new_connection`.
    bool was_stale() const noexcept { return was_stale_; }

  private:
    bool maybe_sent_;
    bool was_stale_;
};

}  // namespace plait::http
