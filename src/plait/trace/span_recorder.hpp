#pragma once

#include "plait/trace/internal/task_rows.hpp"
#include "plait/trace/recorder.hpp"
#include "plait/trace/span_states.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace plait::trace {

/// Who runs spans of work: the caller, a thread, a loop, a process. Counted from 1 within a trace.
using LaneId = std::uint32_t;

/// A span of work, such as a call: what it did, and where.
struct Span {
    SpanStates course;
    /// Nothing: on the lane of the recorder that followed it.
    std::optional<LaneId> lane;
    /// Spans of a loop overlap; those that do have different rows, counted from 1.
    std::uint32_t row = 1;
};

/// Follows tasks of one loop from a begin to an end, and keeps what they did. For that loop's thread.
class SpanRecorder : public Recorder {
  public:
    /// `task`, which runs, is to be followed. Its span began when it was last resumed.
    void begin(TaskId task);

    /// What `task`, which runs and is followed, did until `when`. It is followed no longer.
    Span end(TaskId task, TimePoint when);

    /// What `end` returned is done with: its memory is for the next one.
    void reuse(SpanStates&& course) {
        if (spare_.size() < most_spare) spare_.push_back(std::move(course));
    }

    /// `task` is followed no longer.
    void drop(TaskId task) noexcept;

    /// What `task` is followed for was done on `lane`, as `course` tells; until that began it did `until_then`. Without
    /// effect for a task that is not followed.
    void done_elsewhere(TaskId task, Activity until_then, LaneId lane, SpanStates course);

    void record(const TaskEvent& event) noexcept override;

  private:
    struct Followed {
        Span span;
        Activity activity = Activity::running;
    };

    Followed* find(TaskId task) noexcept;

    static constexpr std::size_t most_spare = 64;

    internal::TaskRows rows_;
    std::vector<Followed> followed_;  ///< by their rows
    std::vector<SpanStates> spare_;
    TimePoint latest_{};
};

}  // namespace plait::trace
