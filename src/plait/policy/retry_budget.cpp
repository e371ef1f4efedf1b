#include "plait/policy/retry_budget.hpp"

#include "plait/async/event_loop.hpp"

#include <algorithm>

namespace plait::policy {

RetryBudget::RetryBudget(const RetryBudgetOptions& options) noexcept
    : options_(options),
      calls_(options.window, internal::RecentCount::Forget::when_first_is_old),
      good_answers_(options.window, internal::RecentCount::Forget::when_first_is_old),
      good_retries_(options.window, internal::RecentCount::Forget::when_first_is_old),
      retries_(options.window, internal::RecentCount::Forget::when_last_is_old) {}

void RetryBudget::call_made() {
    calls_.add(now());
    line_.call_first();
}

void RetryBudget::answered_well(bool was_retry) {
    good_answers_.add(now());
    if (was_retry) good_retries_.add(now());
    line_.call_first();
}

bool RetryBudget::do_retries_help() {
    const int retries = retries_.count(now());
    return retries >= least_evidence && 2 * good_retries_.count(now()) >= retries;
}

bool RetryBudget::allows(int retries, int calls, int good_answers) const noexcept {
    return retries <= std::max(static_cast<double>(options_.least), options_.share * calls) +
                          options_.for_good_answer * good_answers;
}

TimePoint RetryBudget::earliest(TimePoint now) {
    if (allows(retries_.count(now) + 1, calls_.count(now), good_answers_.count(now))) return now;
    TimePoint when = TimePoint::max();
    retries_.for_each_time_of_forgetting([&](TimePoint time) {
        if (!allows(retries_.count_left_at(time) + 1, calls_.count_left_at(time), good_answers_.count_left_at(time)))
            return false;
        when = time;
        return true;
    });
    return when;
}

Task<void> RetryBudget::enter() {
    internal::WaitingLine::Place place(line_, 0);
    for (;;) {
        if (!place.is_first()) {
            co_await place.called();
            continue;
        }
        const TimePoint when = earliest(now());
        if (when <= now()) break;
        co_await place.called_or_at(when);
    }
    retries_.add(now());
}

}  // namespace plait::policy
