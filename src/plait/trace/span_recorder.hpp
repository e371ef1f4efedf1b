#pragma once

#include "plait/trace/internal/task_rows.hpp"
#include "plait/trace/recorder.hpp"
#include "plait/trace/span_states.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace plait::trace {

/// Identifies a lane of a trace: the caller, a thread, a loop or a process. Counted from 1.
using LaneId = std::uint32_t;

/// A span of work, such as a call: what it did, and where.
struct Span {
    SpanStates states;
    /// Where it ran; nothing: on the lane of the recorder that followed it.
    std::optional<LaneId> lane;
    /// Spans of a loop that overlap have different rows, counted from 1.
    std::uint32_t row = 1;
};

/// Follows tasks of one loop, and makes a span of what each did. For that loop's thread.
class SpanRecorder : public Recorder {
  public:
    /// Follows `task`, which is running, from now on. Its span begins at its last resumption.
    void begin(TaskId task);

    /// Stops following `task`, which is running, and returns what it did until `when`.
    Span end(TaskId task, TimePoint when);

    /// Takes back what `end` returned, to reuse its memory.
    void reuse(SpanStates&& states) {
        if (spare_.size() < most_spare) spare_.push_back(std::move(states));
    }

    /// Stops following `task`, if it is followed.
    void drop(TaskId task) noexcept;

    /// Says that work of `task` was done on `lane`, with these `states`. Before the first such work began, the task did
    /// `until_then`; between two, what it did here, as far as it is known. The span ends with the last such work, and
    /// is on its lane. Has no effect for a task that is not followed.
    void done_elsewhere(TaskId task, Activity until_then, LaneId lane, SpanStates states);

    void record(const TaskEvent& event) noexcept override;

  private:
    struct Followed {
        Span span;
        Activity activity = Activity::running;
        SpanStates since;  ///< what the task has done here since its last work elsewhere
    };

    Followed* find(TaskId task) noexcept;

    static constexpr std::size_t most_spare = 64;

    internal::TaskRows rows_;
    std::vector<Followed> followed_;  ///< by their rows
    std::vector<SpanStates> spare_;
    TimePoint latest_{};
};

}  // namespace plait::trace
