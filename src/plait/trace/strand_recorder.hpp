#pragma once

#include "plait/trace/course.hpp"
#include "plait/trace/recorder.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace plait::trace {

/// Who runs strands of work: the caller, a thread, a loop, a process. Counted from 1 within a trace.
using LaneId = std::uint32_t;

/// A strand of work, such as a call: what it did, and where.
struct Strand {
    Course course;
    /// Nothing: on the lane of the recorder that followed it.
    std::optional<LaneId> lane;
    /// Strands of a loop overlap; those that do have different rows, counted from 1.
    std::uint32_t row = 1;
};

/// Follows tasks of one loop from a begin to an end, and keeps what they did. For that loop's thread.
class StrandRecorder : public Recorder {
  public:
    /// `task`, which runs, is to be followed. Its strand began when it was last resumed.
    void begin(TaskId task);

    /// What `task`, which runs and is followed, did until `when`. It is followed no longer.
    Strand end(TaskId task, TimePoint when);

    /// `task` is followed no longer.
    void drop(TaskId task) noexcept;

    /// What `task` is followed for was done on `lane`, as `course` tells; until that began it did `until_then`. Without
    /// effect for a task that is not followed.
    void done_elsewhere(TaskId task, Activity until_then, LaneId lane, Course course);

    void record(const TaskEvent& event) noexcept override;

  private:
    struct Followed {
        Strand strand;
        Activity activity = Activity::running;
    };

    using FollowedTasks = std::unordered_map<TaskId, Followed>;

    /// What the map said of a task; null: it is not followed.
    struct Lookup {
        TaskId task = 0;
        Followed* followed = nullptr;
    };

    Followed* find(TaskId task) noexcept;
    void forget(TaskId task) noexcept { lookup(task) = Lookup(); }
    Lookup& lookup(TaskId task) noexcept { return lookups_[task % lookups_.size()]; }
    std::uint32_t take_row();

    FollowedTasks followed_;
    std::vector<FollowedTasks::node_type> spare_;  ///< for the next ones: a strand is begun and ended with each call
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_rows_;
    std::uint32_t rows_ = 0;
    std::array<Lookup, 256> lookups_;  ///< each event asks for its task, and few are in flight at a time
    TimePoint latest_{};
};

}  // namespace plait::trace
