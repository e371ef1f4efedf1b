#include "plait/batch/verdict/call_conclusion.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

namespace plait::batch {

namespace {

bool is_broken_off(AttemptsEnd ended) noexcept {
    return ended == AttemptsEnd::stopped || ended == AttemptsEnd::parked || ended == AttemptsEnd::given_up;
}

std::string asked_in_words(const AskedWait& asked) {
    if (!asked.wait) return "and it was asked to come later";
    return fmt::format("and it was asked to wait {} ({})", in_words(*asked.wait), asked.source);
}

/// Says that the deadline passed, or would pass before another attempt.
std::string late_in_words(const CallHistory& history, AttemptsEnd ended, std::string_view when) {
    const std::string deadline = in_words(history.deadline);
    if (ended != AttemptsEnd::no_time_left) return fmt::format("its deadline of {} passed {}", deadline, when);
    return fmt::format("there is no time for another attempt before its deadline of {}, {}", deadline, when);
}

std::string why_still_refused(const CallHistory& history, AttemptsEnd ended) {
    if (ended == AttemptsEnd::parked) return "it was asked to come much later";
    const bool is_early = ended == AttemptsEnd::no_time_left;
    return late_in_words(history, ended, is_early ? asked_in_words(history.asked) : "meanwhile");
}

CallError deadline_error(const CallHistory& history, AttemptsEnd ended) {
    const std::optional<CallError>& error = history.verdict.error;
    const std::string when =
        fmt::format("after {} {}; the last: {}{}", history.attempts, history.attempts == 1 ? "attempt" : "attempts",
                    result_of(history.last), error ? ": " + error->message : "");
    return CallError(ErrorCode::deadline, late_in_words(history, ended, when), history.rules.safe_to_repeat,
                     error && error->maybe_sent);
}

std::optional<CallError> error_of(const CallHistory& history, AttemptsEnd ended) {
    const AttemptVerdict& verdict = history.verdict;
    const bool is_late = ended == AttemptsEnd::no_time_left || ended == AttemptsEnd::late;
    if (!is_late && ended != AttemptsEnd::parked) return verdict.error;
    // Only a call that was surely not executed is refused; one that may have been is late, whatever slowed it down.
    if (verdict.is_refusal && verdict.is_surely_undone) {
        return CallError(
            ErrorCode::rate_limited,
            fmt::format("still refused ({}): {}", result_of(history.last), why_still_refused(history, ended)), true);
    }
    if (!is_late || history.is_cut) return verdict.error;
    return deadline_error(history, ended);
}

}  // namespace

std::optional<CallConclusion> conclude(const CallHistory& history, AttemptsEnd ended, bool is_resumable) {
    const bool may_be_sent_again =
        history.rules.safe_to_repeat || history.verdict.is_surely_undone || history.can_be_taken_up;
    if (is_resumable && is_broken_off(ended) && may_be_sent_again) return std::nullopt;
    return CallConclusion(history.verdict.outcome, error_of(history, ended));
}

std::optional<CallError> why_skipped(AttemptsEnd ended, bool is_resumable, std::string_view parked,
                                     const std::optional<std::string>& stop_reason) {
    if (is_resumable) return std::nullopt;
    if (ended == AttemptsEnd::parked) {
        return CallError(ErrorCode::rate_limited, fmt::format("not sent: {}", parked), true);
    }
    if (!stop_reason) return std::nullopt;
    return CallError(ErrorCode::cancelled, fmt::format("not sent: the run was stopped: {}", *stop_reason), true);
}

Failure deadline_passed(Duration deadline, Boxed<Failure> cut) {
    const bool maybe_sent = !cut || cut->maybe_sent;
    Failure failure(
        ErrorCode::deadline,
        fmt::format("its deadline of {} passed {} it was sent", in_words(deadline), maybe_sent ? "while" : "before"),
        maybe_sent);
    if (cut) failure.partial = std::move(cut->partial);
    return failure;
}

}  // namespace plait::batch
