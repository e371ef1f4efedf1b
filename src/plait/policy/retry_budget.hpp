#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/internal/recent_count.hpp"
#include "plait/policy/internal/waiting_line.hpp"

#include <chrono>
#include <cstddef>

namespace plait::policy {

/// How many repeats a budget allows.
struct RetryBudgetOptions {
    double share = 0.2;  ///< of the calls in the last window
    int least = 3;       ///< in a window, however few calls there are
    Duration window = std::chrono::minutes(1);
};

/// Bounds the repeats of a group to a share of its calls, because repeats that multiply are what ends a struggling
/// server. When the budget is used up a repeat waits, in the order in which they came, for other calls or for time.
class RetryBudget {
  public:
    explicit RetryBudget(const RetryBudgetOptions& options = {}) noexcept;
    RetryBudget(const RetryBudget&) = delete;
    RetryBudget& operator=(const RetryBudget&) = delete;

    /// A call was made: its first attempt, not a repeat.
    void call_made();

    /// Waits until one more repeat may leave, and counts it. A cancelled caller leaves the line and counts nothing.
    Task<void> enter();

    /// When a repeat may leave if no other call is made before: `now`, or later.
    TimePoint earliest(TimePoint now);

    /// How many repeats wait.
    std::size_t waiting() const noexcept { return line_.size(); }

  private:
    bool allows(int repeats, int calls) const noexcept;

    RetryBudgetOptions options_;
    // Each is forgotten at the end on which too little is allowed, never too much.
    internal::RecentCount calls_;
    internal::RecentCount repeats_;
    internal::WaitingLine line_;
};

}  // namespace plait::policy
