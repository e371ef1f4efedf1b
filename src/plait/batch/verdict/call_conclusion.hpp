#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/answer/refusal.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// Why a call gets no further attempt.
enum class AttemptsEnd {
    final,         ///< the last attempt decides: it is the answer, or no other attempt is due or allowed
    stopped,       ///< the run was stopped before the next attempt
    parked,        ///< the group was parked before the next attempt
    no_time_left,  ///< the next attempt would begin after the deadline
    late,          ///< the deadline passed
    given_up,      ///< the run gave up its calls
};

/// What a call that was sent has behind it. All that it refers to outlives it.
class CallHistory {
  public:
    CallHistory(const CallRules& rules_, Duration deadline_, std::size_t attempts_, bool is_cut_, const Attempt& last_,
                const AttemptVerdict& verdict_, const AskedWait& asked_) noexcept
        : rules(rules_),
          deadline(deadline_),
          attempts(attempts_),
          is_cut(is_cut_),
          last(last_),
          verdict(verdict_),
          asked(asked_) {}

    const CallRules& rules;
    Duration deadline;
    std::size_t attempts;
    bool is_cut;  ///< the last attempt was cancelled in the middle
    const Attempt& last;
    const AttemptVerdict& verdict;  ///< on the last attempt
    const AskedWait& asked;         ///< by its answer
    bool can_be_taken_up = false;   ///< a later run can go on where it stands, without sending its request again
};

/// How a call ends, beside its last answer.
class CallConclusion {
  public:
    CallConclusion(Outcome outcome_, std::optional<CallError> error_) : outcome(outcome_), error(std::move(error_)) {}

    Outcome outcome;
    std::optional<CallError> error;
};

/// Concludes how a call ends that was sent. Nothing: it is postponed, because it was broken off, may be sent again, and
/// a later run can do that (`is_resumable`).
std::optional<CallConclusion> conclude(const CallHistory& history, AttemptsEnd ended, bool is_resumable);

/// Why a call that was never sent is skipped. Nothing: it is postponed. `parked` names the limit of its group, which
/// counts if that is why (`ended`); `stop_reason` is the run's.
std::optional<CallError> why_skipped(AttemptsEnd ended, bool is_resumable, std::string_view parked,
                                     const std::optional<std::string>& stop_reason);

/// The failure of an attempt that the deadline of its call ended. `cut`: how it ended itself then, with what had come
/// of a stream; nothing: it had to be cancelled.
Failure deadline_passed(Duration deadline, Boxed<Failure> cut = {});

}  // namespace plait::batch
