#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/base/clock.hpp"

namespace plait {

/// Cancels a scope some time after a deadline that what runs in the scope obeys by itself: for what does not.
///
/// The grace begins with the turn in which the loop finds that the deadline has passed. So however late the loop is,
/// what ends itself at the deadline has done so first. Lives in the task that runs the scope, and no longer than it.
class LateCancel final : private internal::Timer {
  public:
    LateCancel(CancelScope& scope, TimePoint deadline, Duration grace);
    LateCancel(const LateCancel&) = delete;
    LateCancel& operator=(const LateCancel&) = delete;
    ~LateCancel();

  private:
    void fire() noexcept override;

    bool has_passed_ = false;  ///< the deadline
    CancelScope& scope_;
    internal::Scheduler& scheduler_;
    const Duration grace_;
};

}  // namespace plait
