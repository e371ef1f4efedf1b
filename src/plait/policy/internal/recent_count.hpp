#pragma once

#include "plait/base/clock.hpp"

#include <deque>

namespace plait::policy::internal {

/// Counts events in the last window, in constant memory.
class RecentCount {
  public:
    /// Events within a hundredth of a window expire together: when the first of them is a window old, or the last.
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

    /// Returns how many of the current events still count at `time`.
    int count_left_at(TimePoint time) const noexcept {
        int left = count_;
        for (const Slot& slot : slots_) {
            if (old_at(slot) > time) break;
            left -= slot.count;
        }
        return left;
    }

    /// Calls `visit` with the times at which events expire, in order, until it returns true.
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
