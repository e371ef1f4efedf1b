#pragma once

#include "plait/async/internal/scheduler.hpp"
#include "plait/trace/span_recorder.hpp"

#include <utility>

namespace plait {

/// Follows what the calling task does, for a trace: from its making to `end`, or to its own end, when nothing was worth
/// a record.
class SpanScope {
  public:
    /// `recorder` is that of the calling task's loop, and outlives the scope. Null: nothing is followed.
    explicit SpanScope(trace::SpanRecorder* recorder) : recorder_(recorder) {
        if (!recorder_) return;
        task_ = internal::Scheduler::current().running().id;
        recorder_->begin(task_);
    }
    SpanScope(const SpanScope&) = delete;
    SpanScope& operator=(const SpanScope&) = delete;
    ~SpanScope() {
        if (recorder_) recorder_->drop(task_);
    }

    bool is_followed() const noexcept { return recorder_ != nullptr; }

    /// What the task did until now. Once, and only if it is followed.
    trace::Span end() {
        return std::exchange(recorder_, nullptr)->end(task_, internal::Scheduler::current().clock().now());
    }

  private:
    trace::SpanRecorder* recorder_;
    trace::TaskId task_ = 0;
};

/// What the calling task is followed for was done elsewhere: see `trace::SpanRecorder::done_elsewhere`.
inline void strand_done_elsewhere(trace::SpanRecorder& recorder, trace::Activity until_then, trace::LaneId lane,
                                  trace::SpanStates course) {
    recorder.done_elsewhere(internal::Scheduler::current().running().id, until_then, lane, std::move(course));
}

}  // namespace plait
