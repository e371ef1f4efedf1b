#pragma once

#include "plait/base/error.hpp"

#include <string>

namespace plait::http {

/// An attempt that brought no answer. `what()` names the request, the phase and the time it took.
class SendError : public Error {
  public:
    SendError(ErrorCode code, const std::string& message, bool maybe_sent)
        : Error(code, message), maybe_sent_(maybe_sent) {}

    /// False only when surely no byte of the request reached the server. True: it may have been acted on.
    bool maybe_sent() const noexcept { return maybe_sent_; }

  private:
    bool maybe_sent_;
};

}  // namespace plait::http
