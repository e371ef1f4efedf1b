#pragma once

#include "plait/base/error.hpp"
#include "plait/http/response.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace plait::batch {

/// Why an attempt has no answer.
class Failure {
  public:
    Failure(ErrorCode code_, std::string message_, bool maybe_sent_)
        : code(code_), message(std::move(message_)), maybe_sent(maybe_sent_) {}

    ErrorCode code;
    std::string message;
    /// Whether the request, or a part of it, may have left.
    bool maybe_sent;
};

/// The failure of an attempt that was in flight when its run was interrupted.
Failure given_up();

/// What came of one send: an answer that came whole, or none.
using Attempt = std::variant<http::Response, Failure>;

/// How a call ended.
enum class Outcome {
    ok,        ///< an answer 2xx
    rejected,  ///< another answer
    failed,    ///< no answer; surely not done, or harmless
    unknown,   ///< no answer, and it may have been done
};

inline constexpr std::size_t outcome_count = 4;

/// The outcome as a result line spells it.
std::string_view to_string(Outcome outcome) noexcept;

/// Whether sending a request of this method twice does no more than sending it once (RFC 9110, section 9.2.2).
bool is_safe_to_repeat(std::string_view method) noexcept;

/// How a call with this one attempt ended.
Outcome judge(const Attempt& attempt, bool safe_to_repeat) noexcept;

/// Whether the same request may be sent again, and has a chance then.
bool is_retryable(const Failure& failure, bool safe_to_repeat) noexcept;

}  // namespace plait::batch
