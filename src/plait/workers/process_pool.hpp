#pragma once

#include "plait/async/coordination/settled.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/workers/internal/process_chunk.hpp"
#include "plait/workers/internal/process_job.hpp"
#include "plait/workers/map.hpp"

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

namespace plait {

/// Options of a process pool.
struct ProcessPoolOptions {
    /// The most processes that run jobs at the same time, at least 1. Each is started when it is first needed.
    std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
    /// The most bytes of address space that a worker may use; allocations beyond it throw `std::bad_alloc`. 0: no
    /// limit.
    std::uint64_t memory_limit = 0;
    /// The number of jobs after which a worker is replaced. 0: never.
    std::uint64_t jobs_per_worker = 0;
    /// Called once in each worker before its first job. When it throws, the job fails with `Error(worker_died)`, whose
    /// text includes that of the exception.
    void (*initializer)() = nullptr;
};

/// The worker process ended while it ran the job. How far the job got is not known.
class WorkerDied : public Error {
  public:
    /// `wait_status` is that of `waitpid`.
    WorkerDied(pid_t pid, int wait_status);

    pid_t pid() const noexcept { return pid_; }
    /// The signal that ended it; 0 when it exited.
    int signal() const noexcept;
    /// The status with which it exited; 0 when a signal ended it.
    int exit_status() const noexcept;

  private:
    pid_t pid_;
    int wait_status_;
};

/// Runs functions in worker processes, and returns their results to the loop of the calling task.
///
///     ProcessPool pool(ProcessPoolOptions{.workers = 4});        // first thing in main
///     auto digest = co_await pool.submit(sha256, std::move(text));      // in a task
///     auto digest = pool.submit(sha256, std::move(text)).get();         // anywhere else
///     auto sums = pool.map(sum_of_squares, std::move(numbers)).get();   // many at once
///
/// A worker is a copy of the program as it was when the pool was made, so a job may be any free function, or a lambda
/// that captures nothing; globals and statics are a worker's own, and last from job to job. Arguments and results
/// travel as bytes: numbers, enums, strings, optionals, chrono times, standard containers of those, and structs with a
/// member `serialize(archive)`. More than 64 KiB of them go through shared memory: written once, and mapped by the
/// other side.
///
/// Each job has exactly one of these outcomes:
/// - It returns its value, having run to its end.
/// - It throws: `Error` keeps its code and text; any other exception comes back as `std::runtime_error` with its text.
/// - Its worker dies while it runs: `WorkerDied`. No other job is affected, and the worker is replaced at once. A job
///   that the worker had not begun goes to another worker.
///
/// Workers read nothing from standard input, have no descriptors of the program but standard output and error, and
/// ignore SIGINT, SIGTERM and SIGHUP: the pool decides when they end. When the program ends, even by SIGKILL, they are
/// killed. If five workers in a row end before they take a job, the job fails with `Error(worker_died)`, and so do all
/// items of a map that travel with it.
///
/// The pool is used by one thread at a time, and outlives what was submitted.
class ProcessPool {
    template <class Result, class Parameter>
    using MapWork = internal::ProcessMapWork<ProcessPool, Result, Parameter>;

  public:
    /// Throws Error when the process has more than one thread: make the pool before the first one. Functions from
    /// libraries that are loaded later are not known to the workers.
    explicit ProcessPool(const ProcessPoolOptions& options = {});
    ProcessPool(const ProcessPool&) = delete;
    ProcessPool& operator=(const ProcessPool&) = delete;
    /// Waits for the end of the workers.
    ~ProcessPool();

    /// Runs `function(arguments...)` in a worker, and returns its value. When the waiting task is cancelled or dropped,
    /// a job that waits for a worker never runs; a running one is killed with its worker.
    template <class Result, class... Parameters>
    Task<Result> submit(Result (*function)(Parameters...),
                        std::type_identity_t<std::decay_t<Parameters>>... arguments) {
        return result_of<Result>(job_of(function, arguments...), std::nullopt);
    }

    /// As `submit`, for a job that may run for `limit`. Then its worker is killed, and `Error(timeout)` is thrown.
    template <class Result, class... Parameters>
    Task<Result> submit_within(Duration limit, Result (*function)(Parameters...),
                               std::type_identity_t<std::decay_t<Parameters>>... arguments) {
        return result_of<Result>(job_of(function, arguments...), limit);
    }

    /// For a lambda that captures nothing; otherwise as above.
    template <class Function, class... Arguments>
        requires std::is_class_v<Function>
    auto submit(Function function, Arguments... arguments) {
        return submit(as_free_function(function), std::move(arguments)...);
    }
    template <class Function, class... Arguments>
        requires std::is_class_v<Function>
    auto submit_within(Duration limit, Function function, Arguments... arguments) {
        return submit_within(limit, as_free_function(function), std::move(arguments)...);
    }

    /// Calls `function(item)` for each of `items`, and returns all values in the order of the items.
    ///
    ///     auto sums = co_await pool.map(sum_of_squares, std::move(numbers));
    ///
    /// Items are taken from the range when there is room, and travel in chunks of about a millisecond of work. When a
    /// worker dies, only the item that it ran fails: finished items keep their results, and items that were not begun
    /// go to another worker. No item is run twice. The first item that fails ends the map: running items are killed
    /// with their workers, and the rest is not begun.
    template <class Result, class Parameter, std::ranges::input_range Items>
    MapTask<Result> map(Result (*function)(Parameter), Items items, const MapOptions& options = {}) {
        return internal::map_all(map_work(function), std::move(items), options);
    }

    /// As `map`, but returns each item's result as soon as it is there, be it a value or what the item threw; see
    /// `MapResults`. Call it within a task.
    template <class Result, class Parameter, std::ranges::input_range Items>
    MapResults<MapWork<Result, Parameter>, Items> stream(Result (*function)(Parameter), Items items,
                                                         const MapOptions& options = {}) {
        return MapResults<MapWork<Result, Parameter>, Items>(map_work(function), std::move(items), options);
    }

    /// For a lambda that captures nothing; otherwise as above.
    template <class Function, std::ranges::input_range Items>
        requires std::is_class_v<Function>
    auto map(Function function, Items items, const MapOptions& options = {}) {
        return map(as_free_function(function), std::move(items), options);
    }
    template <class Function, std::ranges::input_range Items>
        requires std::is_class_v<Function>
    auto stream(Function function, Items items, const MapOptions& options = {}) {
        return stream(as_free_function(function), std::move(items), options);
    }

  private:
    template <class Pool, class Result, class Parameter>
    friend class internal::ProcessMapWork;

    template <class Function>
    static auto as_free_function(Function function) {
        static_assert(
            requires { +function; },
            "another process has no captures: use a free function, or a lambda that captures nothing");
        return +function;
    }

    template <class Result, class... Parameters>
    static internal::ProcessJob job_of(Result (*function)(Parameters...),
                                       const std::decay_t<Parameters>&... arguments) {
        auto job = internal::make_process_job(function);
        job.add(std::tie(arguments...));
        job.close();
        return job;
    }

    template <class Result, class Parameter>
    MapWork<Result, Parameter> map_work(Result (*function)(Parameter)) {
        return MapWork<Result, Parameter>(*this, workers(), function);
    }

    template <class Result>
    Task<Result> result_of(internal::ProcessJob job, std::optional<Duration> limit) {
        internal::JobReply reply = co_await perform(job, limit);
        std::optional<Settled<Result>> result;
        reply.read<Result>([&result](Settled<Result> only) { result.emplace(std::move(only)); });
        co_return std::move(*result).value();
    }

    /// Has a worker run items of `job`, which outlives the task: one or more. Throws Error when no worker begins one.
    Task<internal::JobReply> perform(internal::ProcessJob& job, std::optional<Duration> limit);
    std::size_t workers() const noexcept;

    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace plait
