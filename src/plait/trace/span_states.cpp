#include "plait/trace/span_states.hpp"

#include <algorithm>
#include <array>

namespace plait::trace {

void SpanStates::extend(Activity activity, TimePoint when) {
    if (when <= end_) return;
    const Duration length = when - end_;
    end_ = when;
    if (!segments_.empty() && segments_.back().activity == activity) {
        segments_.back().length += length;
        return;
    }
    if (segments_.size() == most_segments) fold();
    if (!segments_.empty() && segments_.back().activity == activity) {
        segments_.back().length += length;
    } else {
        segments_.push_back({activity, length});
    }
}

void SpanStates::prepend(Activity activity, TimePoint when) {
    if (when >= begin_) return;
    const Duration length = begin_ - when;
    begin_ = when;
    if (!segments_.empty() && segments_.front().activity == activity) {
        segments_.front().length += length;
    } else {
        segments_.insert(segments_.begin(), {activity, length});
    }
}

void SpanStates::cut_before(TimePoint when) {
    if (when <= begin_) return;
    when = std::min(when, end_);
    Duration left = when - begin_;
    begin_ = when;
    auto kept = segments_.begin();
    while (kept != segments_.end() && kept->length <= left) left -= (kept++)->length;
    if (kept != segments_.end()) kept->length -= left;
    segments_.erase(segments_.begin(), kept);
}

void SpanStates::fold() {
    std::array<Duration, activity_count> sums{};
    const auto first = segments_.begin() + kept_in_order;
    for (auto segment = first; segment != segments_.end(); ++segment) {
        sums[static_cast<std::size_t>(segment->activity)] += segment->length;
    }
    // The segment before the merged ones takes up its own activity, so that no two neighbours are alike.
    const Activity before = (first - 1)->activity;
    auto& sum_before = sums[static_cast<std::size_t>(before)];
    (first - 1)->length += sum_before;
    sum_before = Duration::zero();
    segments_.erase(first, segments_.end());
    for (std::size_t n = 0; n < activity_count; ++n) {
        if (sums[n] > Duration::zero()) segments_.push_back({static_cast<Activity>(n), sums[n]});
    }
}

}  // namespace plait::trace
