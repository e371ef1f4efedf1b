#include "plait/trace/internal/loop_recorder.hpp"

#include "plait/trace/internal/record_text.hpp"

namespace plait::trace::internal {

LoopRecorder::LoopRecorder(TraceFile& trace, TimePoint start, bool with_loop)
    : trace_(trace), with_loop_(with_loop), run_begin_(start), run_end_(start), start_(start), next_look_(start) {}

void LoopRecorder::record(const TaskEvent& event) noexcept {
    SpanRecorder::record(event);
    if (with_loop_) {
        if (event.when >= next_look_) note_counts_before(event.when);
        ready_ = event.ready;
        waiting_ = event.waiting;
        if (event.state == TaskState::running) {
            running_ = event.task;
            running_since_ = event.when;
        } else if (event.task == running_) {
            running_ = 0;
            note_run(running_since_, event.when);
        }
    }
    trace_.keep_written(event.when);
}

void LoopRecorder::finish() {
    if (!with_loop_ || run_end_ == run_begin_) return;
    trace_.text_->append_loop_run(trace_.waiting_, trace_.lane(LaneKind::loop), run_begin_, run_end_);
    trace_.end_record();
    run_begin_ = run_end_;
}

void LoopRecorder::note_run(TimePoint begin, TimePoint end) {
    const bool is_first = run_end_ == run_begin_;
    if (is_first || begin - run_end_ > pause_) {
        finish();
        run_begin_ = begin;
        if (++runs_ % notes_until_coarser == 0) pause_ *= 2;
    }
    run_end_ = end;
}

// Records how long the lists were at the sampling time, not now that something happens: most of the time nothing does.
void LoopRecorder::note_counts_before(TimePoint when) {
    trace_.text_->append_loop_counts(trace_.waiting_, trace_.lane(LaneKind::loop), next_look_, ready_, waiting_);
    trace_.end_record();
    if (++looks_ % notes_until_coarser == 0) interval_ *= 2;
    next_look_ = when + interval_ - (when - start_) % interval_;
}

}  // namespace plait::trace::internal
