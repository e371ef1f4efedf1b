#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace plait::batch {

/// How many calls may have been read and not left yet: a few, as long as they leave, because what waits is pushed out
/// of the processor's caches by what comes behind it. Many, when none leaves for a while: perhaps one group holds up
/// those of others, which stand further down.
class ReadAhead {
  public:
    static constexpr std::size_t usual = 32;
    /// So long nothing leaves before more are read.
    static constexpr Duration patience = std::chrono::milliseconds(10);

    /// At most `most` in all.
    explicit ReadAhead(std::size_t most) : few_(std::min(most, usual)), more_(most - std::min(most, usual)) {}

    /// Waits until one more may be read; the permit is held until it leaves.
    Task<Semaphore::Permit> acquire() {
        if (auto permit = few_.try_acquire()) co_return std::move(*permit);
        while (at_hand_.empty()) {
            if (auto permit = co_await within(patience, few_.acquire())) co_return std::move(*permit);
            // In portions, or each of them would take so long.
            while (at_hand_.size() < usual) {
                auto permit = more_.try_acquire();
                if (!permit) break;
                at_hand_.push_back(std::move(*permit));
            }
        }
        auto permit = std::move(at_hand_.back());
        at_hand_.pop_back();
        co_return permit;
    }

  private:
    Semaphore few_;
    Semaphore more_;
    std::vector<Semaphore::Permit> at_hand_;  // of `more_`
};

}  // namespace plait::batch
