#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// Why an attempt has no answer.
class Failure {
  public:
    Failure(ErrorCode code_, std::string message_, bool maybe_sent_, bool was_stale_ = false, bool was_refused_ = false)
        : code(code_),
          message(std::move(message_)),
          maybe_sent(maybe_sent_),
          was_stale(was_stale_),
          was_refused(was_refused_) {}

    ErrorCode code;
    std::string message;
    /// Whether the request, or a part of it, may have been sent.
    bool maybe_sent;
    /// Whether it met a kept connection that the server had closed, most likely before the request arrived.
    bool was_stale;
    /// Whether an HTTP/2 server turned it away unprocessed.
    bool was_refused;
    /// What had come of a stream when its time was up; the whole answer, with `bad_input`; null: nothing.
    std::shared_ptr<http::Response> partial;
    /// The number of the connection that it was sent over, among those of its worker; 0: none was open.
    std::uint64_t connection = 0;
    /// Whether it would fail again in the same way, although its code does not say so.
    bool is_permanent = false;
    /// Whether it was not sent because it came too late for its permit: it may be sent with another one, and this was
    /// no attempt.
    bool is_overdue = false;
};

/// The failure of an attempt that was in flight when its run was interrupted.
Failure given_up();

/// The result of one send: a whole answer, or a failure. It is as small as two pointers: each coroutine through which
/// it passes has room for it in its frame as long as the call waits.
class Attempt {
  public:
    Attempt(http::Response response) : response_(std::move(response)) {}
    Attempt(Boxed<http::Response> response) : response_(std::move(response)) {}
    Attempt(Failure failure) : failure_(std::move(failure)) {}

    /// The answer; null after a failure.
    http::Response* response() noexcept { return response_.get(); }
    const http::Response* response() const noexcept { return response_.get(); }

    /// Why there is no answer; null if there is one.
    Failure* failure() noexcept { return failure_.get(); }
    const Failure* failure() const noexcept { return failure_.get(); }

    /// Moves the answer out. There must be one.
    Boxed<http::Response> take_response() noexcept { return std::move(response_); }

  private:
    Boxed<http::Response> response_;
    Boxed<Failure> failure_;
};

/// Returns the status code of an attempt's answer, or the code of its error, as files spell it.
std::string result_of(const Attempt& attempt);

}  // namespace plait::batch
