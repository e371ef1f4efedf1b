#pragma once

#include "plait/async/awaitable.hpp"
#include "plait/async/internal/scheduler.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"

#include <coroutine>
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

    /// What `run` returns. An awaiter rather than a task: it needs no frame of its own.
    template <Awaitable Work>
    class [[nodiscard("awaited, or it does nothing")]] Run {
      public:
        Run(CancelScope& scope, Work work)
            : scope_(scope), work_(std::move(work)), awaiter_(internal::awaiter_of(std::move(work_))) {}
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;
        ~Run() { leave(); }  // inside still, if the task was dropped where it waits

        bool await_ready() {
            scope_.enter();
            is_inside_ = true;
            return awaiter_.await_ready();
        }
        auto await_suspend(std::coroutine_handle<> resume_point) { return awaiter_.await_suspend(resume_point); }
        OptionalResult<Work> await_resume() {
            const Leaving leaving(*this);
            try {
                if constexpr (std::is_void_v<AwaitResult<Work>>) {
                    awaiter_.await_resume();
                    return true;
                } else {
                    return awaiter_.await_resume();
                }
            } catch (const Cancelled&) {
                if (!scope_.ended_by_itself()) throw;
            }
            return OptionalResult<Work>{};
        }

      private:
        class Leaving {
          public:
            explicit Leaving(Run& run) noexcept : run_(run) {}
            Leaving(const Leaving&) = delete;
            Leaving& operator=(const Leaving&) = delete;
            ~Leaving() { run_.leave(); }

          private:
            Run& run_;
        };

        void leave() noexcept {
            if (std::exchange(is_inside_, false)) scope_.leave();
        }

        CancelScope& scope_;
        Work work_;
        decltype(internal::awaiter_of(std::declval<Work>())) awaiter_;  // made by the work, or a reference to it
        bool is_inside_ = false;
    };

    /// Awaits `work` inside this scope. Returns its value, or nothing (`false` for work without a value) when this
    /// scope was cancelled and the work gave up. A cancellation of a scope around this one is thrown. The scope must
    /// outlive the wait, and is run once.
    template <Awaitable Work>
    Run<Work> run(Work work) {
        return Run<Work>(*this, std::move(work));
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

    void enter();
    void leave() noexcept;
    void attach(CancelScope* parent) noexcept;
    void detach() noexcept;
    void spread() noexcept;
    void fire() noexcept override { cancel(); }
    bool ended_by_itself() const noexcept { return asked_ && !(parent_ && parent_->cancelled_ && !shielded_); }

    bool asked_ = false;
    bool cancelled_ = false;
    bool shielded_ = false;
    CancelScope* parent_ = nullptr;
    CancelScope* first_child_ = nullptr;
    CancelScope* next_sibling_ = nullptr;
    CancelScope** link_to_this_ = nullptr;
    internal::TaskRecord* inside_ = nullptr;     // the task that is in `run`
    internal::TaskOwner* task_owner_ = nullptr;  // whose tasks have this as their first scope
    std::optional<TimePoint> deadline_;
    internal::Scheduler* scheduler_ = nullptr;
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
