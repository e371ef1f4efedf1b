#pragma once

#include "plait/base/error.hpp"

#include <string>

namespace plait::http {

/// An attempt that brought no answer. `what()` names the request, the phase and the time it took.
class SendError : public Error {
  public:
    SendError(ErrorCode code, const std::string& message, bool maybe_sent, bool was_stale = false)
        : Error(code, message), maybe_sent_(maybe_sent), was_stale_(was_stale) {}

    /// False only when surely no byte of the request reached the server. True: it may have been acted on.
    bool maybe_sent() const noexcept { return maybe_sent_; }

    /// The request went over a connection that was kept from an earlier exchange, and that ended before the first byte
    /// of the answer. Most likely the server had closed it before the request came: whoever may send it twice sends it
    /// again at once, with `Request::over_new_connection`.
    bool was_stale() const noexcept { return was_stale_; }

  private:
    bool maybe_sent_;
    bool was_stale_;
};

}  // namespace plait::http
