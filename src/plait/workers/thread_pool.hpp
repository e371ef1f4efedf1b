#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/workers/internal/thread_chunk.hpp"
#include "plait/workers/internal/thread_job.hpp"
#include "plait/workers/internal/thread_team.hpp"
#include "plait/workers/map.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ranges>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait {

/// Options of a thread pool.
struct ThreadPoolOptions {
    /// The most threads that run jobs at the same time, at least 1; each is started when it is first needed. One per
    /// processor suits CPU-bound work, about 64 suit calls that block.
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
};

namespace internal {
/// The result of a job that calls `function(arguments...)` with its own copies of both.
template <class Function, class... Arguments>
using ThreadJobResult = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;
}  // namespace internal

/// A job that was started outside a loop. Destroying it waits for its end.
template <class Result>
class [[nodiscard("destroying a started job waits for its end")]] StartedJob {
  public:
    StartedJob(StartedJob&&) noexcept = default;
    StartedJob& operator=(StartedJob&&) = delete;
    ~StartedJob() {
        if (job_) team_->finish(*job_);
    }

    /// Blocks until the job has run. Returns its value, or throws what it threw; call it once. Runs the job on the
    /// calling thread if no thread of the pool has begun it.
    Result get() {
        PLAIT_ASSERT(job_, "a job's result is taken once");
        const auto job = std::move(job_);
        team_->finish(*job);
        return job->take();
    }

  private:
    friend class ThreadPool;
    using Job = internal::ThreadJobWithResult<Result>;
    StartedJob(internal::ThreadTeam& team, std::unique_ptr<Job> job) : team_(&team), job_(std::move(job)) {
        team_->enqueue(*job_);
    }

    internal::ThreadTeam* team_;
    std::unique_ptr<Job> job_;
};

/// Runs functions on threads, and returns their results to the loop of the calling task.
///
///     ThreadPool pool(ThreadPoolOptions{.threads = 4});
///     auto digest = co_await pool.submit(sha256, std::move(text));      // in a task
///     auto digest = pool.submit(sha256, std::move(text)).get();         // anywhere else
///     auto sums = pool.map(sum_of_squares, std::move(numbers)).get();   // many at once
///
/// Jobs begin in the order in which they were submitted. Threads receive only signals of their own faults, and
/// `thread_local` variables last from job to job. Many threads may use the pool; it must outlive what was submitted.
class ThreadPool {
    template <class Function, class Items>
    using MapValue = std::invoke_result_t<std::decay_t<Function>&, std::ranges::range_value_t<Items>>;
    template <class Function, class Items>
    using MapWork = internal::ThreadMapWork<ThreadPool, Function, std::ranges::range_value_t<Items>>;

  public:
    explicit ThreadPool(const ThreadPoolOptions& options = {});
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    /// Waits for the running jobs, but not for abandoned ones.
    ~ThreadPool();

    /// Runs `function(arguments...)`, moved or copied into the job, on a thread. Returns its value, or throws what it
    /// threw.
    ///
    /// When the waiting task is cancelled, a job that has not begun never runs; a running one sees `stop_requested()`,
    /// and the task waits for its end.
    template <class Function, class... Arguments>
        requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
    Task<internal::ThreadJobResult<Function, Arguments...>> submit(Function&& function, Arguments&&... arguments) {
        return result_of(team_, make_job(std::forward<Function>(function), std::forward<Arguments>(arguments)...),
                         WhenCancelled::wait);
    }

    /// As `submit`, for calls that block and can't be asked to stop: a cancelled task leaves at once, and the job keeps
    /// its thread until it ends. So the job may use only what it owns.
    template <class Function, class... Arguments>
        requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
    Task<internal::ThreadJobResult<Function, Arguments...>> submit_abandonable(Function&& function,
                                                                               Arguments&&... arguments) {
        return result_of(team_, make_job(std::forward<Function>(function), std::forward<Arguments>(arguments)...),
                         WhenCancelled::abandon);
    }

    /// Calls `function(item)` for each of `items`, and returns all values in the order of the items.
    ///
    ///     auto sums = co_await pool.map(sum_of_squares, std::move(numbers));
    ///
    /// Items are taken from the range when there is room, and travel in chunks of about a millisecond of work; each
    /// chunk has its own copy of `function`. The first item that throws ends the map: running items are asked to stop,
    /// the rest is not begun, and the error is thrown when all have ended.
    template <class Function, std::ranges::input_range Items>
        requires std::is_invocable_v<std::decay_t<Function>&, std::ranges::range_value_t<Items>>
    MapTask<MapValue<Function, Items>> map(Function function, Items items, const MapOptions& options = {}) {
        return internal::map_all(map_work<Function, Items>(std::move(function), options), std::move(items), options);
    }

    /// As `map`, but returns each item's result as soon as it is there, be it a value or what the item threw; see
    /// `MapResults`. Call it within a task.
    template <class Function, std::ranges::input_range Items>
        requires std::is_invocable_v<std::decay_t<Function>&, std::ranges::range_value_t<Items>>
    MapResults<MapWork<Function, Items>, Items> stream(Function function, Items items, const MapOptions& options = {}) {
        return MapResults<MapWork<Function, Items>, Items>(map_work<Function, Items>(std::move(function), options),
                                                           std::move(items), options);
    }

    /// Starts `function(arguments...)` for a caller without a loop: any thread, or a job of this pool.
    template <class Function, class... Arguments>
        requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
    StartedJob<internal::ThreadJobResult<Function, Arguments...>> start(Function&& function, Arguments&&... arguments) {
        return StartedJob<internal::ThreadJobResult<Function, Arguments...>>(
            *team_, std::make_unique<Job<Function, Arguments...>>(std::forward<Function>(function),
                                                                  std::forward<Arguments>(arguments)...));
    }

    /// Whether the job that calls this was cancelled; false outside jobs.
    static bool stop_requested() noexcept;

    /// The number of threads that were started.
    std::size_t size() const { return team_->size(); }

  private:
    enum class WhenCancelled { wait, abandon };

    template <class Function, class Items>
    MapWork<Function, Items> map_work(Function function, const MapOptions& options) {
        PLAIT_ASSERT(!options.limit, "a thread can't be stopped: a limit on the time of an item is for processes");
        return MapWork<Function, Items>(*this, options_.threads, std::move(function));
    }

    template <class Function, class... Arguments>
    using Job = internal::ThreadJobOf<std::decay_t<Function>, std::decay_t<Arguments>...>;

    template <class Function, class... Arguments>
    static std::shared_ptr<internal::ThreadJobWithResult<internal::ThreadJobResult<Function, Arguments...>>> make_job(
        Function&& function, Arguments&&... arguments) {
        return std::make_shared<Job<Function, Arguments...>>(std::forward<Function>(function),
                                                             std::forward<Arguments>(arguments)...);
    }

    /// A job's time in the pool: when the task that waits for it is dropped, it is taken out again or asked to stop.
    class Stay {
      public:
        Stay(internal::ThreadTeam& team, const std::shared_ptr<internal::ThreadJob>& job) : team_(team), job_(*job) {
            team_.enqueue(job, EventLoop::current_handle());
        }
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay() {
            if (!job_.ended().is_set() && !team_.withdraw(job_)) job_.request_stop();
        }

      private:
        OutsideWork on_a_thread_;
        internal::ThreadTeam& team_;
        internal::ThreadJob& job_;
    };

    template <class Result>
    static Task<Result> result_of(std::shared_ptr<internal::ThreadTeam> team,
                                  std::shared_ptr<internal::ThreadJobWithResult<Result>> job,
                                  WhenCancelled when_cancelled) {
        const Stay stay(*team, job);
        bool cancelled = false;
        try {
            co_await job->ended().wait();
        } catch (const Cancelled&) {
            cancelled = true;
        }
        if (cancelled) co_await give_up(*team, *job, when_cancelled);
        co_return job->take();
    }

    /// Leaves a job of a cancelled task; throws `Cancelled`. Both outlive the task.
    static Task<void> give_up(internal::ThreadTeam& team, internal::ThreadJob& job, WhenCancelled when_cancelled);

    const ThreadPoolOptions options_;
    const std::shared_ptr<internal::ThreadTeam> team_;
};

}  // namespace plait
