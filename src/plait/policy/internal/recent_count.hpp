#pragma once

#include "plait/base/clock.hpp"

#include <deque>

namespace plait::policy::internal {

/// How often something happened in the last window, in the room of a hundred counters.
class RecentCount {
  public:
    /// What happened within a hundredth of a window is forgotten together: when the first of it is as old as the
    /// window, or the last.
    enum class Forget { when_first_is_old, when_last_is_old };

    RecentCount(Duration window, Forget forget) noexcept : window_(window), forget_(forget) {}

    void add(TimePoint now) {
        forget_old(now);
        if (slots_.empty() || now - slots_.back().first >= window_ / 100) slots_.push_back({now, now, 0});
        slots_.back().last = now;
        ++slots_.back().count;
        ++count_;
    }

    int count(TimePoint now) {
        forget_old(now);
        return count_;
    }

    /// How many of those that are counted now are still counted at `time`.
    int count_left_at(TimePoint time) const noexcept {
        int left = count_;
        for (const Slot& slot : slots_) {
            if (old_at(slot) > time) break;
            left -= slot.count;
        }
        return left;
    }

    /// Calls `visit` with the times at which something is forgotten, in their order, until it answers true.
    template <class Visit>
    void for_each_time_of_forgetting(Visit visit) const {
        for (const Slot& slot : slots_) {
            if (visit(old_at(slot))) return;
        }
    }

  private:
    struct Slot {
        TimePoint first;
        TimePoint last;
        int count;
    };

    TimePoint old_at(const Slot& slot) const noexcept {
        return (forget_ == Forget::when_first_is_old ? slot.first : slot.last) + window_;
    }
    void forget_old(TimePoint now) {
        while (!slots_.empty() && old_at(slots_.front()) <= now) {
            count_ -= slots_.front().count;
            slots_.pop_front();
        }
    }

    Duration window_;
    Forget forget_;
    std::deque<Slot> slots_;
    int count_ = 0;
};

}  // namespace plait::policy::internal
