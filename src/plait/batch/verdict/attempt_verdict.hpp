#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/answer/refusal.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
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

/// Whether answers with this status are retried, beside those that the call's line names: those of a server in trouble,
/// and those from 500 on that no standard defines, which mean what 500 does (RFC 9110, section 15), such as 520 to 524
/// of Cloudflare and 529 of Anthropic.
constexpr bool is_usually_retried(int status) noexcept {
    constexpr int network_authentication_required = 511;  // the last one that is defined
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504 || status == 509 || status > network_authentication_required;
}

/// Decides what an attempt means for its call; `refusal` was read from its answer. Another attempt is allowed if the
/// request is safe to repeat, or certainly was not executed: it was not sent, or got a 401, or a refusal that says so.
AttemptVerdict classify(const Attempt& attempt, const CallRules& rules, const Refusal& refusal);

/// Adds to the verdict what the program says: whether another attempt is worthwhile. It has the last word on that, but
/// not on what does harm: nothing is repeated that `classify` would not repeat, and the refusal of an account stays
/// one.
void apply_wish(AttemptVerdict& verdict, bool is_worth_it, const CallRules& rules, const Refusal& refusal);

}  // namespace plait::batch
