#pragma once

#include "plait/async/internal/waiter.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace plait {

/// Lets at most `limit` tasks of one event loop hold a permit at a time.
///
/// Waiters are served in order: a permit that is given back goes to the first, which no later task overtakes, and which
/// the loop, not the giver, resumes when its turn comes. A cancelled waiter leaves the queue and takes no permit.
class Semaphore {
  public:
    explicit Semaphore(std::size_t limit) noexcept : limit_(limit), free_(limit) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() { PLAIT_ASSERT(waiting_.empty(), "a semaphore was destroyed while tasks wait for it"); }

    /// The right to proceed; it is given back when it is destroyed. The semaphore must outlive it.
    class [[nodiscard("a permit that is dropped is given back at once")]] Permit {
      public:
        Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(semaphore_, other.semaphore_);
            return *this;
        }
        ~Permit() {
            if (semaphore_) semaphore_->give_back();
        }

      private:
        friend class Semaphore;
        explicit Permit(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
        Semaphore* semaphore_;
    };

    class [[nodiscard("awaited, or it does nothing")]] AcquireAwaiter : private internal::Waiter {
      public:
        explicit AcquireAwaiter(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
        /// Movable only until it is awaited: its task's record then points to it.
        AcquireAwaiter(AcquireAwaiter&& other) noexcept : internal::Waiter(), semaphore_(other.semaphore_) {}
        ~AcquireAwaiter() {
            if (granted_) semaphore_->give_back();  // the task was dropped between the grant and its turn
        }

        bool await_ready() noexcept {
            if (!semaphore_->can_take() || !internal::Scheduler::current().take_budget()) return false;
            --semaphore_->free_;
            return granted_ = true;
        }
        bool await_suspend(std::coroutine_handle<> resume_point) noexcept {
            if (semaphore_->can_take()) {
                // A permit is free, but the task has used up its budget: it takes the permit and lets the others run
                // first.
                --semaphore_->free_;
                granted_ = true;
                internal::Scheduler::current().requeue(resume_point);
                return true;
            }
            if (!begin_wait(resume_point, trace::Wait::permit)) return false;
            semaphore_->waiting_.push_back(internal::Scheduler::current().running());
            return true;
        }
        Permit await_resume() {
            end_wait();
            granted_ = false;
            return Permit(*semaphore_);
        }

      private:
        friend class Semaphore;
        bool give_up(internal::TaskRecord& task) noexcept override {
            task.internal::ListNode<internal::QueueTag>::unlink();
            return true;
        }
        Semaphore* semaphore_;
        bool granted_ = false;
    };

    /// Waits for a permit: `auto permit = co_await semaphore.acquire();`
    AcquireAwaiter acquire() noexcept { return AcquireAwaiter(*this); }

    /// Takes a permit if one is free; never waits.
    std::optional<Permit> try_acquire() noexcept {
        if (!can_take()) return std::nullopt;
        --free_;
        return Permit(*this);
    }

    /// The number of permits that are not held.
    std::size_t available() const noexcept { return free_; }

    /// Changes the limit. If more permits than `limit` are held, the surplus is retired as permits are given back.
    void resize(std::size_t limit) noexcept {
        for (; limit_ < limit; ++limit_) give_back();
        const std::size_t fewer = limit_ - limit;
        const std::size_t at_once = fewer < free_ ? fewer : free_;
        free_ -= at_once;
        owed_ += fewer - at_once;
        limit_ = limit;
    }

  private:
    bool can_take() const noexcept { return free_ > 0; }

    void give_back() noexcept {
        if (owed_ > 0) {
            --owed_;
        } else if (waiting_.empty()) {
            ++free_;
        } else {
            internal::TaskRecord& first = waiting_.pop_front();
            static_cast<AcquireAwaiter*>(first.wait_point)->granted_ = true;
            internal::Scheduler::current().make_ready(first);
        }
    }

    std::size_t limit_;
    std::size_t free_;
    std::size_t owed_ = 0;  ///< permits that are held although the limit has shrunk below them
    internal::TaskQueue waiting_;
};

}  // namespace plait
