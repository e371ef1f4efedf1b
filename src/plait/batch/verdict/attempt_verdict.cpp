#include "plait/batch/verdict/attempt_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace plait::batch {

namespace {

using policy::AttemptEnd;
using policy::Load;

bool contains(std::span<const int> statuses, int status) {
    return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

/// Whether `refusal` holds for an answer that is `ok` otherwise, as one with an error in its body may be.
bool holds(const Refusal& refusal, bool ok, const CallRules& rules) {
    if (refusal.kind == Refusal::Kind::none) return false;
    if (!ok || refusal.was_named) return true;
    const bool was_read = rules.expectation && rules.expectation->reads_body();
    return refusal.outranks_status && !was_read;
}

/// What comes after an answer that is not ok.
AttemptEnd end_of(int status, const CallRules& rules, const Refusal& refusal, const AttemptVerdict& verdict) {
    const bool may_repeat = rules.safe_to_repeat || verdict.is_surely_undone;
    const AttemptEnd final = status >= 500 ? AttemptEnd::final_failure() : AttemptEnd::final();
    if (refusal.should_retry == false || !may_repeat) return final;
    if (verdict.is_refusal) return AttemptEnd::asked_to_wait(refusal.asked.wait);
    if (verdict.is_overload && rules.safe_to_repeat) return AttemptEnd::overloaded();
    const bool is_worth_it = is_usually_retried(status) || contains(rules.retry_statuses, status);
    const bool is_wanted = refusal.should_retry.value_or(false);
    if (is_wanted || (is_worth_it && rules.safe_to_repeat)) return AttemptEnd::repeatable(refusal.asked.wait);
    return final;
}

void refuse_for_good(AttemptVerdict& verdict, const Refusal& refusal, bool was_worth_it) {
    if (refusal.kind == Refusal::Kind::for_good) {
        verdict.is_refusal = false;
        verdict.is_for_account = true;
        verdict.load = Load::fine;
        verdict.end = AttemptEnd::final();
        verdict.error.emplace(ErrorCode::rate_limited,
                              fmt::format("refused, and no wait will change that: {}", refusal.reason));
    } else if (refusal.should_retry == false && was_worth_it) {
        verdict.error.emplace(ErrorCode::rate_limited,
                              "the server says that another attempt is useless (x-should-retry: false)");
    }
}

AttemptVerdict judge_answer(const http::Response& response, const CallRules& rules, const Refusal& refusal) {
    const int status = response.status;
    std::string unmet;
    bool ok = status / 100 == 2;
    if (rules.expectation) {
        unmet = rules.expectation->unmet_by(response);
        ok = unmet.empty();
    }
    const bool is_refused = holds(refusal, ok, rules);
    ok = ok && !is_refused;
    AttemptVerdict verdict(ok ? Outcome::ok : Outcome::rejected, AttemptEnd::final());
    if (!unmet.empty()) verdict.error.emplace(ErrorCode::expect, std::move(unmet));
    if (ok) return verdict;

    verdict.is_refusal = is_refused;
    verdict.is_overload = !is_refused && (status == 503 || status == 529);
    verdict.is_surely_undone = (is_refused && refusal.is_surely_undone) || status == 401;  // RFC 9110, 15.5.2
    if (is_refused || verdict.is_overload) verdict.load = Load::overloaded;
    verdict.end = end_of(status, rules, refusal, verdict);
    const bool was_worth_it = is_refused || is_usually_retried(status);
    refuse_for_good(verdict, refusal, was_worth_it);
    return verdict;
}

/// Whether the same request has a chance the next time.
bool may_pass(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::proxy:
        case ErrorCode::reset:
        case ErrorCode::protocol:
        case ErrorCode::timeout:
        case ErrorCode::cancelled:
        case ErrorCode::worker_died:
            return true;
        default:
            return false;  // it would end the same way
    }
}

Load load_of(ErrorCode code) noexcept {
    return code == ErrorCode::timeout || code == ErrorCode::reset || code == ErrorCode::connect ? Load::overloaded
                                                                                                : Load::unknown;
}

Reach reach_of(const Failure& failure) noexcept {
    if (failure.was_refused) return Reach::reached;
    switch (failure.code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::proxy:
        case ErrorCode::tls:
            return Reach::not_reached;
        case ErrorCode::reset:
            return failure.maybe_sent ? Reach::reached : Reach::not_reached;  // in the handshake of TLS
        case ErrorCode::timeout:
            return failure.maybe_sent ? Reach::reached : Reach::unknown;
        case ErrorCode::protocol:
        case ErrorCode::too_large:
            return Reach::reached;
        default:
            return Reach::unknown;
    }
}

/// Whether an answer came, and what was called with it refused it (a hook of a Python program).
bool has_refused_answer(const Failure& failure) noexcept {
    return failure.code == ErrorCode::bad_input && failure.partial;
}

/// The call was executed, so that it is neither `failed` nor `unknown`, and its answer is kept.
AttemptVerdict judge_refused_answer(const Failure& failure) {
    AttemptVerdict verdict(Outcome::rejected, AttemptEnd::final());
    verdict.error.emplace(failure.code, failure.message);
    verdict.reach = Reach::reached;
    return verdict;
}

AttemptVerdict judge_failure(const Failure& failure, const CallRules& rules) {
    if (has_refused_answer(failure)) return judge_refused_answer(failure);
    const bool may_repeat = rules.safe_to_repeat || !failure.maybe_sent;
    const bool is_worth_it = may_repeat && may_pass(failure.code) && !failure.is_permanent;
    AttemptVerdict verdict(may_repeat ? Outcome::failed : Outcome::unknown,
                           is_worth_it ? AttemptEnd::repeatable() : AttemptEnd::final_failure());
    verdict.error.emplace(failure.code, failure.message, is_worth_it, failure.maybe_sent);
    verdict.is_surely_undone = !failure.maybe_sent;
    verdict.load = failure.was_stale ? Load::unknown : load_of(failure.code);
    verdict.reach = reach_of(failure);
    return verdict;
}

}  // namespace

AttemptVerdict classify(const Attempt& attempt, const CallRules& rules, const Refusal& refusal) {
    if (const auto* response = attempt.response()) return judge_answer(*response, rules, refusal);
    return judge_failure(*attempt.failure(), rules);
}

void apply_wish(AttemptVerdict& verdict, bool is_worth_it, const CallRules& rules, const Refusal& refusal) {
    const bool is_final = verdict.end.kind() == AttemptEnd::Kind::final;
    const bool is_failure =
        verdict.error && (verdict.outcome == Outcome::failed || verdict.outcome == Outcome::unknown);
    if (verdict.is_for_account || is_final == !is_worth_it) return;
    if (!is_worth_it) {
        const bool is_refusal = verdict.end.kind() == AttemptEnd::Kind::asked_to_wait;
        verdict.end = is_refusal ? AttemptEnd::final() : AttemptEnd::final_failure();
    } else if (rules.safe_to_repeat || verdict.is_surely_undone) {
        const std::optional<Duration> wait = refusal.asked.wait;
        verdict.end = verdict.end.is_good() ? AttemptEnd::wanted(wait) : AttemptEnd::repeatable(wait);
    }
    if (is_failure) verdict.error->retryable = verdict.end.kind() != AttemptEnd::Kind::final;
}

}  // namespace plait::batch
