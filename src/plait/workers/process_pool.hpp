#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/settled.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/workers/internal/process_chunk.hpp"
#include "plait/workers/internal/process_job.hpp"
#include "plait/workers/map.hpp"

#include <sys/types.h>

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

/// What a process pool is made with.
struct ProcessPoolOptions {
    /// The most processes that run jobs at the same time; each is started when it is first needed.
    std::size_t workers = std::thread::hardware_concurrency();
    /// The most bytes of address space that a worker may use; what asks for more gets `std::bad_alloc`. 0: no limit.
    std::uint64_t memory_limit = 0;
    /// After so many jobs a worker is replaced. 0: never.
    std::uint64_t jobs_per_worker = 0;
    /// Called once in each worker before its first job.
    void (*initializer)() = nullptr;
};

/// The worker process ended while it ran the job. What the job did until then is not known.
class WorkerDied : public Error {
  public:
    /// `wait_status` is as `waitpid` gives it.
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

/// Runs functions in a fixed number of worker processes, and brings what they give back to the loop that asked.
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
/// What happens to a job, always exactly one of these:
/// - It gives its value, having run to its end.
/// - It throws: `Error` keeps its code and text; any other exception comes back as `std::runtime_error` with its text.
/// - Its worker dies under it: `WorkerDied`. No other job is touched, and the worker is replaced at once. A job that
///   the worker had not begun goes to another worker.
///
/// Workers read nothing from standard input, have no descriptors of the program but standard output and error, and
/// ignore SIGINT, SIGTERM and SIGHUP: when they end is the pool's say. When the program ends, even by SIGKILL, they are
/// killed. When they can't get as far as taking a job, the next are started later and later: 10 ms, doubling up to 5 s.
/// When five in a row ended so, what was to be taken fails with Error(worker_died): a job, or all items of a map that
/// travel together, for each alone would wait as long and fail too.
///
/// Used by one thread at a time; outlives what was submitted.
class ProcessPool {
  public:
    /// Throws Error when the process has more than one thread: make the pool before the first one. Functions from
    /// libraries that are loaded later are not known to the workers.
    explicit ProcessPool(const ProcessPoolOptions& options = {});
    ProcessPool(const ProcessPool&) = delete;
    ProcessPool& operator=(const ProcessPool&) = delete;
    /// Waits for the end of the workers.
    ~ProcessPool();

    /// Runs `function(arguments...)` in a worker. When the waiting task is cancelled or dropped, a job that waits for a
    /// worker is taken out; a running one is killed with its worker.
    template <class Result, class... Parameters>
    Task<Result> submit(Result (*function)(Parameters...),
                        std::type_identity_t<std::decay_t<Parameters>>... arguments) {
        return result_of<Result>(job_of(function, arguments...), std::nullopt);
    }

    /// `submit` for a job that may run for `limit`: then its worker is killed, and it throws Error(timeout).
    template <class Result, class... Parameters>
    Task<Result> submit_within(Duration limit, Result (*function)(Parameters...),
                               std::type_identity_t<std::decay_t<Parameters>>... arguments) {
        return result_of<Result>(job_of(function, arguments...), limit);
    }

    /// The same for a lambda that captures nothing.
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

    /// Calls `function(item)` for each of `items`: a task of all values, in the order of the items.
    ///
    ///     auto sums = co_await pool.map(sum_of_squares, std::move(numbers));
    ///
    /// Items are asked for one by one as there is room, and travel in chunks of about a millisecond of work. A worker
    /// that dies takes with it only the item that it ran: what it had done is kept, and what it had not begun goes to
    /// another worker. No item is run twice. The first item that fails ends the map: the workers of those that run are
    /// killed, the rest does not begin.
    template <class Result, class Parameter, std::ranges::input_range Items>
    auto map(Result (*function)(Parameter), Items items, const MapOptions& options = {}) {
        return internal::map_all(map_work(function), std::move(items), options);
    }

    /// `map` that gives each item's result when it is there, its value or what it threw; see `MapResults`. Called
    /// within a task.
    template <class Result, class Parameter, std::ranges::input_range Items>
    auto stream(Result (*function)(Parameter), Items items, const MapOptions& options = {}) {
        return MapResults(map_work(function), std::move(items), options);
    }

    /// The same for a lambda that captures nothing.
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
    auto map_work(Result (*function)(Parameter)) {
        return internal::ProcessMapWork<ProcessPool, Result, Parameter>(*this, workers(), function);
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
