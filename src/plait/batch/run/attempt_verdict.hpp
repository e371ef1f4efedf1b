#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/refusal.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/retry.hpp"

#include <optional>
#include <string>

namespace plait::batch {

/// Whether an attempt reached its server, for circuit breakers.
enum class Reach {
    reached,
    not_reached,  ///< no address, no connection, no encryption
    unknown,      ///< the attempt ended on our side
};

/// What an attempt means for its call.
class AttemptVerdict {
  public:
    AttemptVerdict(Outcome outcome_, policy::AttemptEnd end_) noexcept : outcome(outcome_), end(end_) {}

    /// The outcome of the call, if this is its last attempt.
    Outcome outcome;
    std::optional<CallError> error;
    /// Whether another attempt is worthwhile and allowed.
    policy::AttemptEnd end;
    /// A refusal: the server was asked too often, which is no failure of the call.
    bool is_refusal = false;
    /// The server is overloaded, and named no wait: a failure, and a reason to slow down.
    bool is_overload = false;
    /// The server refuses all further calls of this account.
    bool is_for_account = false;
    /// The request was certainly not executed: even an unsafe one may be sent again.
    bool is_surely_undone = false;
    policy::Load load = policy::Load::fine;
    Reach reach = Reach::reached;
};

/// The statuses that are retried, beside those that the call's line names: those of a server in trouble, and what
/// Cloudflare (520 to 524) and Anthropic (529) send instead.
inline constexpr int usual_retry_statuses[] = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529};

/// Decides what an attempt means for its call; `refusal` was read from its answer. Another attempt is allowed if the
/// request is safe to repeat, or certainly was not executed: it was not sent, or got a 401, or a refusal that says so.
AttemptVerdict classify(const Attempt& attempt, const CallRules& rules, const Refusal& refusal);

}  // namespace plait::batch
