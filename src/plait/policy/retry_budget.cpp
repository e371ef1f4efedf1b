#include "plait/policy/retry_budget.hpp"

#include "plait/async/event_loop.hpp"

#include <algorithm>

namespace plait::policy {

RetryBudget::RetryBudget(const RetryBudgetOptions& options) noexcept
    : options_(options),
      calls_(options.window, internal::RecentCount::Forget::when_first_is_old),
      repeats_(options.window, internal::RecentCount::Forget::when_last_is_old) {}

void RetryBudget::call_made() {
    calls_.add(now());
    line_.call_first();
}

bool RetryBudget::allows(int repeats, int calls) const noexcept {
    return repeats <= std::max(static_cast<double>(options_.least), options_.share * calls);
}

TimePoint RetryBudget::earliest(TimePoint now) {
    if (allows(repeats_.count(now) + 1, calls_.count(now))) return now;
    TimePoint when = TimePoint::max();
    repeats_.for_each_time_of_forgetting([&](TimePoint time) {
        if (!allows(repeats_.count_left_at(time) + 1, calls_.count_left_at(time))) return false;
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
    repeats_.add(now());
}

}  // namespace plait::policy
