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

/// What an attempt tells of the server's reach: for circuit breakers.
enum class Reach {
    reached,
    not_reached,  ///< no address, no connection, no encryption
    unknown,      ///< the attempt ended on our side
};

/// What an attempt means for its call.
class AttemptVerdict {
  public:
    AttemptVerdict(Outcome outcome_, policy::AttemptEnd end_) noexcept : outcome(outcome_), end(end_) {}

    /// Of the call, if this was its last attempt.
    Outcome outcome;
    std::optional<CallError> error;
    /// Whether another attempt is worth it and allowed.
    policy::AttemptEnd end;
    /// The server was asked too often: no failure of the call.
    bool is_refusal = false;
    /// The server has too much to do, and named no time: a failure, and a reason to go slower.
    bool is_overload = false;
    /// No call of this account will be answered any more.
    bool is_for_account = false;
    /// Surely nothing was done: even what must not be done twice may be sent again.
    bool is_surely_undone = false;
    policy::Load load = policy::Load::fine;
    Reach reach = Reach::reached;
};

/// The statuses whose answers are worth another attempt, unless the call's line names more: those of a server that has
/// trouble, and what Cloudflare (520 to 524) and Anthropic (529) say instead.
inline constexpr int usual_retry_statuses[] = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529};

/// Judges an attempt of a call, whose answer says `refusal`. Another one is allowed when sending the request twice does
/// no more than sending it once, or when surely nothing was done: it did not leave, or it was answered 401, or it was
/// refused in a way that says so.
AttemptVerdict classify(const Attempt& attempt, const CallRules& rules, const Refusal& refusal);

}  // namespace plait::batch
