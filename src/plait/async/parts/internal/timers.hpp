#pragma once

#include "plait/base/clock.hpp"

#include <cstdint>
#include <vector>

namespace plait::internal {

/// Something that is to happen at a time. Lives where it is used; `TimerHeap` only points to it.
class Timer {
  public:
    Timer() noexcept = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    bool is_armed() const noexcept { return position_ != unarmed; }

    /// The time has come; the timer is no longer armed.
    virtual void fire() noexcept = 0;

  protected:
    ~Timer() = default;

  private:
    friend class TimerHeap;
    static constexpr std::uint32_t unarmed = UINT32_MAX;
    std::uint32_t position_ = unarmed;
};

/// The armed timers of one loop, ordered by deadline, then by the order of arming.
///
/// A heap with four children a node: its 24-byte entries keep the comparisons within one or two cache lines, and each
/// timer knows its place, so that disarming one (most are time-outs that never fire) needs no search.
class TimerHeap {
  public:
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    TimePoint next_deadline() const noexcept { return entries_.front().deadline; }
    /// When an armed timer fires.
    TimePoint deadline_of(const Timer& timer) const noexcept { return entries_[timer.position_].deadline; }

    void arm(Timer& timer, TimePoint deadline);
    void disarm(Timer& timer) noexcept;

    /// Removes and returns the first timer if its deadline is not after `now`; else returns null.
    Timer* pop_due(TimePoint now) noexcept;

  private:
    struct Entry {
        TimePoint deadline;
        std::uint64_t sequence;
        Timer* timer;

        bool operator<(const Entry& other) const noexcept {
            return deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence;
        }
    };

    void place(std::size_t position, const Entry& entry) noexcept {
        entries_[position] = entry;
        entry.timer->position_ = static_cast<std::uint32_t>(position);
    }
    void sift_up(std::size_t position, Entry entry) noexcept;
    void sift_down(std::size_t position, Entry entry) noexcept;
    void remove_at(std::size_t position) noexcept;

    std::vector<Entry> entries_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace plait::internal
