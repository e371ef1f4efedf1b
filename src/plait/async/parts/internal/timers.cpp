#include "plait/async/parts/internal/timers.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>

namespace plait::internal {

namespace {
constexpr std::size_t arity = 4;
}

void TimerHeap::arm(Timer& timer, TimePoint deadline) {
    PLAIT_ASSERT(!timer.is_armed(), "a timer is armed once");
    entries_.emplace_back();
    sift_up(entries_.size() - 1, Entry{deadline, next_sequence_++, &timer});
}

void TimerHeap::disarm(Timer& timer) noexcept {
    if (!timer.is_armed()) return;
    const std::size_t position = timer.position_;
    timer.position_ = Timer::unarmed;
    remove_at(position);
}

Timer* TimerHeap::pop_due(TimePoint now) noexcept {
    if (entries_.empty() || entries_.front().deadline > now) return nullptr;
    Timer* timer = entries_.front().timer;
    disarm(*timer);
    return timer;
}

void TimerHeap::sift_up(std::size_t position, Entry entry) noexcept {
    while (position > 0) {
        const std::size_t parent = (position - 1) / arity;
        if (!(entry < entries_[parent])) break;
        place(position, entries_[parent]);
        position = parent;
    }
    place(position, entry);
}

void TimerHeap::sift_down(std::size_t position, Entry entry) noexcept {
    const std::size_t size = entries_.size();
    for (;;) {
        const std::size_t first = position * arity + 1;
        if (first >= size) break;
        const auto children = entries_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto least =
            std::min_element(children, children + static_cast<std::ptrdiff_t>(std::min(arity, size - first)));
        if (!(*least < entry)) break;
        const auto next = static_cast<std::size_t>(least - entries_.begin());
        place(position, *least);
        position = next;
    }
    place(position, entry);
}

void TimerHeap::remove_at(std::size_t position) noexcept {
    const Entry last = entries_.back();
    entries_.pop_back();
    if (position == entries_.size()) return;
    if (position > 0 && last < entries_[(position - 1) / arity]) {
        sift_up(position, last);
    } else {
        sift_down(position, last);
    }
}

}  // namespace plait::internal
