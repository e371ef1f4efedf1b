#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/internal/recent_count.hpp"
#include "plait/policy/internal/waiting_line.hpp"

#include <chrono>
#include <cstddef>

namespace plait::policy {

/// How many retries a budget allows in a window: `max(least, share * calls) + for_good_answer * good answers`.
struct RetryBudgetOptions {
    double share = 0.2;          ///< of the calls in the last window
    int least = 3;               ///< in a window, however few calls there are
    double for_good_answer = 4;  ///< for each good answer in the last window
    Duration window = std::chrono::minutes(1);
};

/// Bounds the retries of a group, to protect a server that is down: one that gives no good answer sees retries of a
/// share of the calls. One that errs now and then is not rationed: while at least one of five attempts ends well there
/// is room for every retry. When the budget is used up a retry waits, in the order in which they came, for good
/// answers, other calls, or time.
class RetryBudget {
  public:
    explicit RetryBudget(const RetryBudgetOptions& options = {}) noexcept;
    RetryBudget(const RetryBudget&) = delete;
    RetryBudget& operator=(const RetryBudget&) = delete;

    /// A call was made: its first attempt, not a retry.
    void call_made();

    /// An attempt was answered as by a server that is well: a first one, or a retry.
    void answered_well(bool was_retry = false);

    /// Whether at least half of the retries of the last window ended well, of at least `least_evidence`: then errors
    /// come by chance, and are not the fault of what is sent.
    bool do_retries_help();
    static constexpr int least_evidence = 8;

    /// Waits until one more retry may leave, and counts it. A cancelled caller leaves the line and counts nothing.
    Task<void> enter();

    /// When a retry may leave if no other call is made and no good answer comes before: `now`, or later.
    TimePoint earliest(TimePoint now);

    /// How many retries wait.
    std::size_t waiting() const noexcept { return line_.size(); }

  private:
    bool allows(int retries, int calls, int good_answers) const noexcept;

    RetryBudgetOptions options_;
    // Each is forgotten at the end on which too little is allowed, never too much.
    internal::RecentCount calls_;
    internal::RecentCount good_answers_;
    internal::RecentCount good_retries_;
    internal::RecentCount retries_;
    internal::WaitingLine line_;
};

}  // namespace plait::policy
