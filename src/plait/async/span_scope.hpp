#pragma once

#include "plait/async/internal/scheduler.hpp"
#include "plait/trace/span_recorder.hpp"

#include <utility>

namespace plait {

/// Follows what the calling task does, for a trace. What it did until `end` is a span; without a call of `end` there is
/// none.
class SpanScope {
  public:
    /// `recorder` is that of the calling task's loop, and outlives the scope. Null: the task is not followed.
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

    bool is_recording() const noexcept { return recorder_ != nullptr; }

    /// Returns what the task did until now. Call it once, and only while it is recording.
    trace::Span end() {
        return std::exchange(recorder_, nullptr)->end(task_, internal::Scheduler::current().meter().clock().now());
    }

  private:
    trace::SpanRecorder* recorder_;
    trace::TaskId task_ = 0;
};

/// Says that the work of the calling task was done elsewhere: see `trace::SpanRecorder::done_elsewhere`.
inline void span_done_elsewhere(trace::SpanRecorder& recorder, trace::Activity until_then, trace::LaneId lane,
                                trace::SpanStates states) {
    recorder.done_elsewhere(internal::Scheduler::current().running().id, until_then, lane, std::move(states));
}

}  // namespace plait
