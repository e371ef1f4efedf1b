#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/internal/recent_count.hpp"
#include "plait/policy/pace/internal/waiting_line.hpp"

#include <chrono>
#include <cstddef>
#include <limits>

namespace plait::policy {

/// How many retries a budget allows in a window: `max(least, share * calls) + for_good_answer * good answers`.
struct RetryBudgetOptions {
    /// Allows every retry.
    static RetryBudgetOptions unlimited() {
        RetryBudgetOptions options;
        options.least = std::numeric_limits<int>::max();
        return options;
    }

    double share = 0.2;          ///< of the calls in the last window
    int least = 3;               ///< in a window, however few calls there are
    double for_good_answer = 4;  ///< for each good answer in the last window
    Duration window = std::chrono::minutes(1);
};

/// Bounds the retries of a group, to protect a server that is down: without good answers, only a share of the calls is
/// retried. A server that errs now and then is not rationed: while one attempt in five succeeds, every retry fits. When
/// the budget is used up, retries wait in order of arrival for good answers, other calls, or time.
class RetryBudget {
  public:
    explicit RetryBudget(const RetryBudgetOptions& options = {}) noexcept;
    RetryBudget(const RetryBudget&) = delete;
    RetryBudget& operator=(const RetryBudget&) = delete;

    /// Counts a call: its first attempt, not a retry.
    void call_made();

    /// Counts an answer that shows the server is well, to a first attempt or a retry.
    void answered_well(bool was_retry = false);

    /// Returns whether at least half of the retries in the last window succeeded, out of at least `least_evidence`. If
    /// so, errors are random, and not the fault of the requests.
    bool do_retries_help();
    static constexpr int least_evidence = 8;

    /// Waits until one more retry fits, and counts it. A cancelled caller leaves the queue and counts nothing.
    Task<void> enter();

    /// Returns when the next retry fits if nothing else happens: `now`, or later.
    TimePoint earliest(TimePoint now);

    /// Retries that wait.
    std::size_t waiting() const noexcept { return line_.size(); }

  private:
    bool allows(int retries, int calls, int good_answers) const noexcept;

    RetryBudgetOptions options_;
    // Counts expire so that rounding can only allow too few retries, never too many.
    internal::RecentCount calls_;
    internal::RecentCount good_answers_;
    internal::RecentCount good_retries_;
    internal::RecentCount retries_;
    internal::WaitingLine line_;
};

}  // namespace plait::policy
