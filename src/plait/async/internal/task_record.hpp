#pragma once

#include "plait/async/parts/internal/list.hpp"
#include "plait/async/parts/internal/timers.hpp"
#include "plait/async/task.hpp"
#include "plait/trace/recorder.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>

namespace plait {
class CancelScope;
}

namespace plait::internal {

struct QueueTag;
struct SiblingTag;

/// The place where a suspended task waits; lives in its awaiter.
class WaitPoint {
  public:
    /// Asks `task` to leave early: removes it from where it waits and returns true, or returns false when the wait
    /// can't be left (it will end by itself). Does not make the task ready.
    virtual bool give_up(TaskRecord& task) noexcept = 0;

    /// The timer that ends the wait; null for a wait without one.
    virtual const Timer* timer() const noexcept { return nullptr; }

  protected:
    ~WaitPoint() = default;
};

/// A started task, as the loop knows it. It is in one queue at a time: the loop's ready queue, or that of the object it
/// waits for.
class TaskRecord : public ListNode<QueueTag>, public ListNode<SiblingTag> {
  public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept { free_frame(memory, size); }

    using Root = std::coroutine_handle<Promise<void>>;

    TaskRecord(Root root_coroutine, CancelScope& task_scope) noexcept
        : resume_point(root_coroutine), scope(&task_scope), root(root_coroutine) {
        root.promise().set_root_of(*this);
    }

    std::coroutine_handle<> resume_point;  ///< the innermost coroutine, which continues when the task is resumed
    WaitPoint* wait_point = nullptr;       ///< null when the task does not wait
    CancelScope* scope;                    ///< the innermost one that is open; at first and at last its owner's
    Root root;
    const char* name = nullptr;
    trace::TaskId id = 0;
    trace::TaskState state = trace::TaskState::created;
    trace::Wait wait = trace::Wait::nothing;
    trace::Activity waits_for = trace::Activity::other;  ///< what its waits are for, if an `ActivityScope` says so
    bool cancelled = false;                              ///< the wait was given up: resuming throws `Cancelled`
};

/// Returns what a task does, in the words of traces.
trace::Activity activity_of(const TaskRecord& task) noexcept;

/// Starts tasks, and learns how they end.
class TaskOwner {
  public:
    /// The coroutine is destroyed; `record` is the owner's to destroy. `error` is null after a success.
    virtual void task_ended(TaskRecord& record, std::exception_ptr error) noexcept = 0;

    List<TaskRecord, SiblingTag>& tasks() noexcept { return tasks_; }

  protected:
    ~TaskOwner() = default;

  private:
    List<TaskRecord, SiblingTag> tasks_;  // those that have not ended
};

using TaskQueue = List<TaskRecord, QueueTag>;

}  // namespace plait::internal
