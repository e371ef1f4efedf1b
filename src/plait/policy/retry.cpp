#include "plait/policy/retry.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/policy/pace/internal/times.hpp"

#include <algorithm>

namespace plait::policy {

namespace {

using internal::times;

/// The bound of the wait after the n-th attempt.
Duration longest_wait(int n, const RetryOptions& options) noexcept {
    Duration bound = std::min(options.first_delay, options.longest_delay);
    for (int i = 1; i < n && bound < options.longest_delay; ++i) bound = std::min(bound * 2, options.longest_delay);
    return bound;
}

}  // namespace

std::string_view to_string(RetryDecision::Why why) noexcept {
    switch (why) {
        case RetryDecision::Why::final:
            return "final";
        case RetryDecision::Why::attempts_used_up:
            return "attempts";
        case RetryDecision::Why::past_deadline:
            return "deadline";
        case RetryDecision::Why::asked_for_too_long:
            return "max-wait";
        case RetryDecision::Why::budget_used_up:
            return "retry-share";
        case RetryDecision::Why::back_off:
            return "back-off";
        case RetryDecision::Why::asked:
            return "retry-after";
    }
    return "";
}

RetryDecision decide(const AttemptHistory& history, const AttemptEnd& end, const RetryOptions& options, TimePoint now,
                     Random& random) {
    using Why = RetryDecision::Why;
    const bool is_failure = end.kind() == AttemptEnd::Kind::repeatable;
    if (end.kind() == AttemptEnd::Kind::final) return {Why::final, {}, false};
    if (is_failure && history.attempts >= options.max_attempts) return {Why::attempts_used_up, {}, false};

    RetryDecision decision;
    if (end.wait() && *end.wait() > options.max_wait) return {Why::asked_for_too_long, {}, false};
    const int tries = is_failure ? history.attempts : history.times_asked_to_wait;
    decision.why = Why::back_off;
    decision.wait = times(longest_wait(tries, options), draw(random));
    if (end.wait()) {
        const Duration asked = times(std::max(*end.wait(), Duration::zero()), 1 + options.spread * draw(random));
        if (!is_failure || asked >= decision.wait) decision = {Why::asked, asked, false};
    }
    if (history.deadline && now + decision.wait >= *history.deadline) return {Why::past_deadline, {}, false};
    // A retry that the server asked for does not count against the budget: it adds no load to a failing server.
    decision.counts = end.is_rationed() && decision.why == Why::back_off;
    return decision;
}

RetryDecision Retry::after(AttemptHistory& history, const AttemptEnd& end) {
    const bool was_first = history.attempts == 0 && history.times_asked_to_wait == 0;
    // Counted when it has ended, not when it is due: calls that wait for a permit are no reason for retries.
    if (budget_ && was_first) budget_->call_made();
    if (end.kind() == AttemptEnd::Kind::asked_to_wait) {
        ++history.times_asked_to_wait;
    } else {
        history.times_asked_to_wait = 0;
        ++history.attempts;
    }
    if (budget_ && end.is_good()) budget_->answered_well(history.attempts > 1);
    return decide(history, end, options_now(), now(), random_);
}

/// Where retries help, allow more attempts, and hardly let the waits grow: the server is well and needs no rest.
RetryOptions Retry::options_now() const {
    RetryOptions options = options_;
    if (!budget_ || !budget_->do_retries_help()) return options;
    options.longest_delay = std::min(2 * options_.first_delay, options_.longest_delay);
    options.max_attempts = std::max(options_.max_attempts, options_.max_attempts_while_helpful);
    return options;
}

Task<bool> Retry::wait(RetryDecision decision) {
    const ActivityScope activity_scope(trace::Activity::back_off);
    co_await sleep_for(decision.wait);
    if (!budget_ || !decision.counts) co_return true;
    co_return co_await within(options_.budget_patience, budget_->enter());
}

}  // namespace plait::policy
