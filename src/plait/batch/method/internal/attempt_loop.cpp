#include "plait/batch/method/internal/attempt_loop.hpp"

#include "plait/async/span_scope.hpp"

namespace plait::batch::internal {

/// A private loop whose recorder follows what it runs.
class AttemptLoop::Recording {
  public:
    explicit Recording(trace::TraceFile* trace) : recorder_(trace), loop_(options(recorder_)) {}

    RecordedAttempt run(Task<Attempt> attempt, std::uint64_t worker) {
        return loop_.run(follow(std::move(attempt), recorder_, worker));
    }

  private:
    class Recorder final : public trace::SpanRecorder {
      public:
        explicit Recorder(trace::TraceFile* trace) : trace_(trace) {}

        void record(const trace::TaskEvent& event) noexcept override {
            SpanRecorder::record(event);
            if (trace_) trace_->keep_written(event.when);
        }

      private:
        trace::TraceFile* trace_;
    };

    static EventLoopOptions options(Recorder& recorder) {
        EventLoopOptions options;
        options.recorder = &recorder;
        return options;
    }

    static Task<RecordedAttempt> follow(Task<Attempt> attempt, Recorder& recorder, std::uint64_t worker) {
        SpanScope span(&recorder);
        Attempt ended = co_await std::move(attempt);
        co_return RecordedAttempt(std::move(ended), worker, span.end().states);
    }

    Recorder recorder_;
    EventLoop loop_;
};

AttemptLoop::AttemptLoop(bool records, std::uint64_t worker)
    : worker_(worker), recording_(records ? std::make_unique<Recording>(nullptr) : nullptr) {}

AttemptLoop::AttemptLoop(trace::TraceFile* trace) : recording_(trace ? std::make_unique<Recording>(trace) : nullptr) {}

AttemptLoop::~AttemptLoop() = default;

RecordedAttempt AttemptLoop::run(Task<Attempt> attempt) {
    if (recording_) return recording_->run(std::move(attempt), worker_);
    return RecordedAttempt(plait::run(std::move(attempt)));
}

Attempt record_attempt(RecordedAttempt recorded, trace::TraceFile* trace, trace::LaneKind kind) {
    if (trace && recorded.states) {
        const trace::Activity until_then =
            kind == trace::LaneKind::caller ? trace::Activity::running : trace::Activity::worker;
        span_done_elsewhere(trace->recorder(), until_then, trace->lane(kind, recorded.worker),
                            std::move(*recorded.states));
    }
    return std::move(recorded.attempt);
}

}  // namespace plait::batch::internal
