#pragma once

#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/pace/sliding_window.hpp"

#include <vector>

namespace plait::policy {

/// Records what is sent under the given limits, so that a limit also holds across a restart.
class LimitLog {
  public:
    virtual ~LimitLog() = default;

    /// Returns what an earlier process sent under this limit, in order of time.
    virtual std::vector<SlidingWindow::Sent> before(const RateLimit& limit) = 0;

    /// Records what has been sent in a moment of the limit's window. Called before the call is sent; an exception keeps
    /// it from being sent.
    virtual void sent(const RateLimit& limit, SlidingWindow::Moment moment, const SlidingWindow::Sent& sent) = 0;
};

}  // namespace plait::policy
