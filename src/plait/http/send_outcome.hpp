#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace plait::http {

/// Why one send brought no answer. `Session::send` lists the codes.
class SendFailure {
  public:
    SendFailure(ErrorCode code_, std::string message_, bool maybe_sent_, bool was_stale_ = false,
                bool was_refused_ = false)
        : code(code_),
          message(std::move(message_)),
          maybe_sent(maybe_sent_),
          was_stale(was_stale_),
          was_refused(was_refused_) {}

    ErrorCode code;
    /// Names the request (without its query), the reason, the phase and the time since the start:
    /// `GET https://a.example/x: connect a.example:443: timed out after 5 s (connecting, 5 s after the start)`.
    std::string message;
    /// False only when certainly no byte of the request reached the server, or the server says that it has not
    /// processed it. Otherwise it may have been executed.
    bool maybe_sent;
    /// Whether the request went over a kept connection that ended before the first byte of the answer. Most likely the
    /// server had closed it before the request arrived. A request that is safe to repeat can be sent again at once,
    /// with `Request::over_new_connection`.
    bool was_stale;
    /// Whether an HTTP/2 server has turned the request away unprocessed: it refused the stream, or says goodbye and
    /// stops before it (RFC 9113, section 8.7). Any request can be sent again at once.
    bool was_refused;
    /// Whether the same request would fail again in the same way, although the code does not say so: a proxy refuses it
    /// by a rule, or for want of the right credentials.
    bool is_permanent = false;
    /// Whether it was not sent because it came too late for a permit to send it: it may be sent with another one, and
    /// this was no attempt.
    bool is_overdue = false;
    /// The number of the connection that it was sent over, as in `Response`; 0: none was open.
    std::uint64_t connection = 0;
    /// What had come of a stream (`is_stream`) when the time for it was up; the whole answer, with `bad_input`; null:
    /// nothing.
    std::shared_ptr<Response> partial;
};

/// The result of one send: a whole answer, or a failure. It is as small as two pointers: each coroutine through which
/// it passes has room for it in its frame as long as the call waits.
class SendOutcome {
  public:
    SendOutcome(Response response) : response_(std::move(response)) {}
    SendOutcome(Boxed<Response> response) : response_(std::move(response)) {}
    SendOutcome(SendFailure failure) : failure_(std::move(failure)) {}
    SendOutcome(Boxed<SendFailure> failure) : failure_(std::move(failure)) {}

    /// The answer; null after a failure.
    Response* response() noexcept { return response_.get(); }
    const Response* response() const noexcept { return response_.get(); }

    /// Why there is no answer; null if there is one.
    SendFailure* failure() noexcept { return failure_.get(); }
    const SendFailure* failure() const noexcept { return failure_.get(); }

    /// Moves the answer out. There must be one.
    Boxed<Response> take_response() noexcept { return std::move(response_); }

  private:
    Boxed<Response> response_;
    Boxed<SendFailure> failure_;
};

}  // namespace plait::http
