#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/settled.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/trace/recorder.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace plait::internal {

/// A job of a thread pool, and its outcome.
///
/// A job that a task waits for is held by the task and by the pool: the task may be dropped while the job runs.
class ThreadJob : public RemoteCall {
  public:
    virtual ~ThreadJob() = default;

    /// Set on the loop's thread when the job that its task waits for has run.
    Event& ended() noexcept { return ended_; }

    void request_stop() noexcept { stop_requested_.store(true, std::memory_order_relaxed); }
    bool stop_requested() const noexcept { return stop_requested_.load(std::memory_order_relaxed); }

  private:
    friend class ThreadTeam;
    friend class ThreadJobQueue;
    enum class State : std::uint8_t { idle, queued, running, ended };

    /// Runs the function and keeps its value or what it threw.
    virtual void execute() noexcept = 0;

    void arrive() noexcept override {
        const auto held_until_told = std::move(held_by_pool_);
        ended_.set();
    }

    // Guarded by the team's mutex.
    ThreadJob* next_ = nullptr;
    ThreadJob* previous_ = nullptr;
    State state_ = State::idle;
    bool waited_for_ = false;  // by a thread, in `finish`

    // For a job that a task waits for: from being queued until its loop was notified.
    std::shared_ptr<ThreadJob> held_by_pool_;
    std::optional<LoopHandle> loop_;

    std::atomic<bool> stop_requested_{false};
    Event ended_{trace::Wait::thread_job};
};

/// A job whose function returns a `Result`.
template <class Result>
class ThreadJobWithResult : public ThreadJob {
  public:
    /// Returns the value, or throws what the function threw. Call it once, after the job has run.
    Result take() { return std::move(*result_).value(); }

  protected:
    std::optional<Settled<Result>> result_;
};

/// A job that calls a `Function` with `Arguments`, all of which it owns.
template <class Function, class... Arguments>
class ThreadJobOf final : public ThreadJobWithResult<std::invoke_result_t<Function, Arguments...>> {
  public:
    template <class F, class... A>
    explicit ThreadJobOf(F&& function, A&&... arguments)
        : function_(std::forward<F>(function)), arguments_(std::forward<A>(arguments)...) {}

  private:
    void execute() noexcept override {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Function, Arguments...>>) {
                std::apply(std::move(function_), std::move(arguments_));
                this->result_.emplace();
            } else {
                this->result_.emplace(std::apply(std::move(function_), std::move(arguments_)));
            }
        } catch (...) {
            this->result_.emplace(std::current_exception());
        }
    }

    Function function_;
    std::tuple<Arguments...> arguments_;
};

}  // namespace plait::internal
