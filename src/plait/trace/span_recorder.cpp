#include "plait/trace/span_recorder.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <utility>

namespace plait::trace {

namespace {

/// Appends what `states` say of the time until `end`.
void append(const SpanStates& states, TimePoint end, SpanStates& to) {
    TimePoint at = states.begin();
    for (const Segment& segment : states.segments()) {
        at += segment.length;
        to.extend(segment.activity, std::min(at, end));
    }
}

}  // namespace

void SpanRecorder::begin(TaskId task) {
    PLAIT_ASSERT(!find(task), "a task is followed once at a time");
    const std::uint32_t row = rows_.add(task);
    if (followed_.size() < row) followed_.resize(row);
    Followed& followed = followed_[row - 1];
    followed.activity = Activity::running;
    if (spare_.empty()) {
        followed.span.states = SpanStates(latest_);
    } else {
        followed.span.states = SpanStates(latest_, std::move(spare_.back()));
        spare_.pop_back();
    }
    followed.span.lane.reset();
    followed.span.row = row;
}

Span SpanRecorder::end(TaskId task, TimePoint when) {
    Followed* const followed = find(task);
    PLAIT_ASSERT(followed, "only a task that is followed ends its span");
    rows_.remove(task);
    Span span = std::move(followed->span);
    latest_ = std::max(latest_, when);
    if (!span.lane) span.states.extend(Activity::running, when);
    return span;
}

void SpanRecorder::drop(TaskId task) noexcept {
    if (find(task)) rows_.remove(task);
}

void SpanRecorder::done_elsewhere(TaskId task, Activity until_then, LaneId lane, SpanStates states) {
    Followed* const followed = find(task);
    if (!followed) return;
    Span& span = followed->span;
    if (span.lane) {
        append(followed->since, states.begin(), span.states);
        span.states.extend(until_then, states.begin());
        append(states, states.end(), span.states);
    } else {
        states.prepend(until_then, span.states.begin());
        span.states = std::move(states);
    }
    span.lane = lane;
    followed->since = SpanStates(span.states.end());
}

void SpanRecorder::record(const TaskEvent& event) noexcept {
    latest_ = std::max(latest_, event.when);
    Followed* const followed = find(event.task);
    if (!followed) return;
    SpanStates& states = followed->span.lane ? followed->since : followed->span.states;
    states.extend(followed->activity, event.when);
    followed->activity = event.activity;
}

SpanRecorder::Followed* SpanRecorder::find(TaskId task) noexcept {
    const std::uint32_t row = rows_.find(task);
    return row == 0 ? nullptr : &followed_[row - 1];
}

}  // namespace plait::trace
