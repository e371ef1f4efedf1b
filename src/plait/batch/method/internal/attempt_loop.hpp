#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace plait::batch::internal {

/// An attempt and, if it is traced, its worker and its span.
class RecordedAttempt {
  public:
    explicit RecordedAttempt(Attempt attempt_, std::uint64_t worker_ = 0,
                             std::optional<trace::SpanStates> states_ = std::nullopt)
        : attempt(std::move(attempt_)), worker(worker_), states(std::move(states_)) {}

    Attempt attempt;
    std::uint64_t worker;
    std::optional<trace::SpanStates> states;
};

/// Makes attempts one after another on the calling thread, which blocks.
class AttemptLoop {
  public:
    /// Whether spans are recorded, and for which worker.
    explicit AttemptLoop(bool records, std::uint64_t worker = 0);
    /// Records spans, and has `trace` write its buffer meanwhile. Null: records none.
    explicit AttemptLoop(trace::TraceFile* trace);
    AttemptLoop(const AttemptLoop&) = delete;
    AttemptLoop& operator=(const AttemptLoop&) = delete;
    ~AttemptLoop();

    RecordedAttempt run(Task<Attempt> attempt);

  private:
    class Recording;

    std::uint64_t worker_ = 0;
    std::unique_ptr<Recording> recording_;
};

/// Returns the attempt. Its span, if there is one, goes to `trace`, for the call that the calling task makes, as work
/// of a worker of this kind.
Attempt record_attempt(RecordedAttempt recorded, trace::TraceFile* trace, trace::LaneKind kind);

}  // namespace plait::batch::internal
