#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/attempt.hpp"
#include "plait/batch/call.hpp"
#include "plait/batch/call_end.hpp"
#include "plait/http/limit_headers.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/retry.hpp"

#include <optional>
#include <span>
#include <string>

namespace plait::batch {

/// A wait that an answer asks for.
class AskedWait {
  public:
    AskedWait() noexcept {}

    std::optional<Duration> wait;
    std::string source;  ///< the header that names it, for people
};

/// The wait that an answer of this status asks for: what `Retry-After` says, or, of a 429, when the limits that are
/// used up are open again.
AskedWait asked_wait(int status, const http::LimitHeaders& said);

/// What an attempt tells of the server's reach: for circuit breakers.
enum class Reach {
    reached,
    not_reached,  ///< no address, no connection, no encryption
    untold,       ///< the attempt ended on our side
};

/// What an attempt means for its call.
class Judgement {
  public:
    Judgement(Outcome outcome_, policy::AttemptEnd end_) noexcept : outcome(outcome_), end(end_) {}

    /// Of the call, if this was its last attempt.
    Outcome outcome;
    std::optional<CallError> error;
    /// Whether another attempt is worth it and allowed.
    policy::AttemptEnd end;
    /// The server was asked too often: no failure of the call.
    bool is_refusal = false;
    /// Surely nothing was done: even what must not be done twice may be sent again.
    bool is_surely_undone = false;
    policy::Load load = policy::Load::fine;
    Reach reach = Reach::reached;
};

/// The statuses whose answers are worth another attempt, unless the call's line names more.
inline constexpr int usual_retry_statuses[] = {408, 425, 429, 500, 502, 503, 504};

/// Judges an attempt of a call. Another one is allowed when sending the request twice does no more than sending it
/// once, or when surely nothing was done: it did not leave, or it was answered 429, or 503 with a wait.
Judgement judge(const Attempt& attempt, const CallRules& rules, const AskedWait& asked);

}  // namespace plait::batch
