#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace plait::batch::internal {

/// An attempt and, if that was asked for, who made it and what it took.
class RecordedAttempt {
  public:
    explicit RecordedAttempt(Attempt attempt_, std::uint64_t worker_ = 0,
                             std::optional<trace::SpanStates> states_ = std::nullopt)
        : attempt(std::move(attempt_)), worker(worker_), states(std::move(states_)) {}

    Attempt attempt;
    std::uint64_t worker;
    std::optional<trace::SpanStates> states;
};

/// Makes attempts on the calling thread, which blocks, one after another.
class AttemptLoop {
  public:
    /// Whether states are noted, and for which worker.
    explicit AttemptLoop(bool records, std::uint64_t worker = 0);
    /// Notes states, and has what waits for `trace` written meanwhile. Null: notes none.
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

/// The attempt. What it took goes to `trace`, if there is one, for the call that the calling task makes, as done by a
/// worker of this kind.
Attempt noted(RecordedAttempt recorded, trace::TraceFile* trace, trace::LaneKind kind);

}  // namespace plait::batch::internal
