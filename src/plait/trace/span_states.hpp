#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/activity.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace plait::trace {

/// What a span of work did from its begin to its end: one thing after another, without a gap.
///
/// Its size is bounded. Beyond `most_segments` the oldest ones but `kept_in_order` become one for each activity: the
/// order among those is lost, how long each activity took never is.
class SpanStates {
  public:
    static constexpr std::size_t most_segments = 256;
    static constexpr std::size_t kept_in_order = 64;

    SpanStates() = default;
    explicit SpanStates(TimePoint begin) : begin_(begin), end_(begin) {}
    /// In the memory of one that is done with.
    SpanStates(TimePoint begin, SpanStates&& old) noexcept
        : begin_(begin), end_(begin), segments_(std::move(old.segments_)) {
        segments_.clear();
    }

    TimePoint begin() const noexcept { return begin_; }
    TimePoint end() const noexcept { return end_; }
    Duration length() const noexcept { return end_ - begin_; }
    /// No two neighbours are alike, and none is empty.
    const std::vector<Segment>& segments() const noexcept { return segments_; }

    /// From its end so far until `when` it did `activity`. A time before the end changes nothing.
    void extend(Activity activity, TimePoint when);

    /// It began earlier, and did `activity` at first. A time after the begin changes nothing.
    void prepend(Activity activity, TimePoint when);

    /// What lies before `when` is no part of it.
    void cut_before(TimePoint when);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(begin_, end_, segments_);
    }

  private:
    void fold();

    TimePoint begin_{};
    TimePoint end_{};
    std::vector<Segment> segments_;
};

}  // namespace plait::trace
