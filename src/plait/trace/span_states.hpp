#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/activity.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace plait::trace {

/// The activities of a span of work from its begin to its end, one after another without a gap.
///
/// Its size is bounded: beyond `most_segments`, all but the newest `kept_in_order` are merged into one segment for each
/// activity. Their order is lost; how long each activity took is not.
class SpanStates {
  public:
    static constexpr std::size_t most_segments = 256;
    static constexpr std::size_t kept_in_order = 64;

    SpanStates() = default;
    explicit SpanStates(TimePoint begin) : begin_(begin), end_(begin) {}
    /// Reuses the memory of `old`.
    SpanStates(TimePoint begin, SpanStates&& old) noexcept
        : begin_(begin), end_(begin), segments_(std::move(old.segments_)) {
        segments_.clear();
    }

    TimePoint begin() const noexcept { return begin_; }
    TimePoint end() const noexcept { return end_; }
    Duration length() const noexcept { return end_ - begin_; }
    /// No two neighbours are alike, and none is empty.
    const std::vector<Segment>& segments() const noexcept { return segments_; }

    /// Appends `activity`, from the present end to `when`. A time before the end changes nothing.
    void extend(Activity activity, TimePoint when);

    /// Moves the begin to `when`, with `activity` before the old one. A time after the begin changes nothing.
    void prepend(Activity activity, TimePoint when);

    /// Cuts off what lies before `when`.
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
