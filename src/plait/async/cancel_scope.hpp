#pragma once

#include "plait/async/awaitable.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"

#include <optional>
#include <type_traits>
#include <utility>

namespace plait {

namespace internal {
class TaskTree;
}

/// Thrown at the wait of a task that was cancelled. Not a `std::exception`, so that code that handles failures does not
/// swallow it. Let it pass: the `CancelScope` that was cancelled catches it.
class Cancelled {};

/// A part of the work that can be cancelled as a whole: everything awaited inside `run`, in every task started there.
///
/// Scopes nest; cancelling one cancels those inside it, unless they are shielded. Once it is cancelled, each wait
/// inside throws `Cancelled`, until the scope is left. An operation that need not wait may still succeed.
class CancelScope final : private internal::Timer {
  public:
    CancelScope() noexcept = default;
    /// Cancels itself at `deadline`, by the clock of the loop that it runs in.
    explicit CancelScope(TimePoint deadline) noexcept : deadline_(deadline) {}
    ~CancelScope();

    /// Awaits `work` inside this scope. Returns its value, or nothing (`false` for work without a value) when this
    /// scope was cancelled and the work gave up. A cancellation of a scope around this one is thrown. The scope must
    /// outlive the task, and is run once.
    template <Awaitable Work>
    Task<OptionalResult<Work>> run(Work work) {
        Stay stay(*this);
        try {
            if constexpr (std::is_void_v<AwaitResult<Work>>) {
                co_await std::move(work);
                co_return true;
            } else {
                co_return co_await std::move(work);
            }
        } catch (const Cancelled&) {
            if (!ended_by_itself()) throw;
        }
        co_return OptionalResult<Work>{};
    }

    /// Cancels everything inside. Call it on the loop's thread, from any task; a second call does nothing.
    void cancel() noexcept;

    /// True when this scope, or one around it, was cancelled.
    bool is_cancelled() const noexcept { return cancelled_; }

    /// Keeps cancellation of the scopes around this one out: for a clean-up that has to be done all the same.
    void shield() noexcept { shielded_ = true; }

  private:
    friend class internal::Scheduler;
    friend class internal::TaskTree;
    friend class TaskGroup;
    friend class EventLoop;
    friend class HostedLoop;

    /// The running task's stay inside the scope.
    class Stay {
      public:
        explicit Stay(CancelScope& scope) : scope_(scope) { scope_.enter(); }
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay() { scope_.leave(); }

      private:
        CancelScope& scope_;
    };

    void enter();
    void leave() noexcept;
    void attach(CancelScope* parent) noexcept;
    void detach() noexcept;
    void spread() noexcept;
    void fire() noexcept override { cancel(); }
    bool ended_by_itself() const noexcept { return asked_ && !(parent_ && parent_->cancelled_ && !shielded_); }

    CancelScope* parent_ = nullptr;
    CancelScope* first_child_ = nullptr;
    CancelScope* next_sibling_ = nullptr;
    CancelScope** link_to_this_ = nullptr;
    internal::TaskRecord* inside_ = nullptr;     // the task that is in `run`
    internal::TaskOwner* task_owner_ = nullptr;  // whose tasks have this as their first scope
    std::optional<TimePoint> deadline_;
    internal::Scheduler* scheduler_ = nullptr;
    bool asked_ = false;
    bool cancelled_ = false;
    bool shielded_ = false;
    trace::TaskId starter_ = 0;  // the task whose group this belongs to
};

/// Awaits `work` for at most `limit`. Returns its value, or nothing (`false` for work without a value) when the time
/// was up; the work was then cancelled, and has ended.
template <Awaitable Work>
Task<OptionalResult<Work>> within(Duration limit, Work work) {
    CancelScope scope(internal::Scheduler::current().after(limit));
    co_return co_await scope.run(std::move(work));
}

/// Awaits `work` for at most `limit`, even if the task around it is cancelled: for a clean-up that has to wait.
template <Awaitable Work>
Task<OptionalResult<Work>> shielded(Duration limit, Work work) {
    CancelScope scope(internal::Scheduler::current().after(limit));
    scope.shield();
    co_return co_await scope.run(std::move(work));
}

}  // namespace plait
