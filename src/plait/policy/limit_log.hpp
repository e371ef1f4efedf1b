#pragma once

#include "plait/policy/rate_limit.hpp"
#include "plait/policy/sliding_window.hpp"

#include <vector>

namespace plait::policy {

/// Remembers what left under given limits, for the process that goes on after this one: so that a limit holds across
/// both.
class LimitLog {
  public:
    virtual ~LimitLog() = default;

    /// What left under this limit before this process began, in the order of time.
    virtual std::vector<SlidingWindow::Left> before(const RateLimit& limit) = 0;

    /// This is about to have left in a moment of the limit's window. What it throws keeps it from leaving.
    virtual void left(const RateLimit& limit, SlidingWindow::Moment moment, const SlidingWindow::Left& left) = 0;
};

}  // namespace plait::policy
