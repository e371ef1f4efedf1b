#pragma once

#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/send_outcome.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace plait::http {

/// An attempt that brought no answer, as an exception. `SendFailure` says what its parts mean.
class SendError : public Error {
  public:
    explicit SendError(SendFailure failure) : Error(failure.code, failure.message), failure_(std::move(failure)) {}

    bool maybe_sent() const noexcept { return failure_.maybe_sent; }
    bool was_stale() const noexcept { return failure_.was_stale; }
    bool was_refused() const noexcept { return failure_.was_refused; }
    bool is_permanent() const noexcept { return failure_.is_permanent; }
    std::uint64_t connection() const noexcept { return failure_.connection; }
    const std::shared_ptr<Response>& partial() const noexcept { return failure_.partial; }

  private:
    SendFailure failure_;
};

}  // namespace plait::http
