#pragma once

#include "plait/async/gather.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/workers/internal/process_job.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
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
///     auto digest = co_await pool.submit(sha256, std::move(text));
///
/// A worker is a copy of the program as it was when the pool was made, so a job may be any free function, or a lambda
/// that captures nothing; globals and statics are a worker's own, and last from job to job. Arguments and results
/// travel as bytes: numbers, enums, strings, optionals, chrono times, standard containers of those, and structs with a
/// member `serialize(archive)`.
///
/// What happens to a job, always exactly one of these:
/// - It gives its value, having run to its end.
/// - It throws: `Error` keeps its code and text; any other exception comes back as `std::runtime_error` with its text.
/// - Its worker dies under it: `WorkerDied`. No other job is touched, and the worker is replaced at once. A job that
///   lay untaken in the worker's socket goes to another worker.
///
/// Workers read nothing from standard input, have no descriptors of the program but standard output and error, and
/// ignore SIGINT, SIGTERM and SIGHUP: when they end is the pool's say. When the program ends, even by SIGKILL, they are
/// killed. When they can't get as far as taking a job, the next are started later and later: 10 ms, doubling up to 5 s.
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
        return result_of<Result>(internal::make_process_job(function, arguments...), std::nullopt);
    }

    /// `submit` for a job that may run for `limit`: then its worker is killed, and it throws Error(timeout).
    template <class Result, class... Parameters>
    Task<Result> submit_within(Duration limit, Result (*function)(Parameters...),
                               std::type_identity_t<std::decay_t<Parameters>>... arguments) {
        return result_of<Result>(internal::make_process_job(function, arguments...), limit);
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

    /// Submits `function` for each item of `items`, which are asked for one by one; the values in the order of the
    /// items. At most `limit` jobs are submitted at a time, by default as many as keep every worker busy. The first job
    /// that fails cancels the others.
    template <class Function, std::ranges::input_range Items>
    auto map(Function function, Items items, std::size_t limit = 0) {
        return gather(std::ranges::owning_view(std::move(items)) | std::views::transform([this, function](auto&& item) {
                          return this->submit(function, std::forward<decltype(item)>(item));
                      }),
                      limit ? limit : default_limit());
    }

  private:
    template <class Function>
    static auto as_free_function(Function function) {
        static_assert(
            requires { +function; },
            "another process has no captures: use a free function, or a lambda that captures nothing");
        return +function;
    }

    template <class Result>
    Task<Result> result_of(internal::ProcessJob job, std::optional<Duration> limit) {
        const std::string bytes = co_await perform(std::move(job), limit);
        co_return internal::result_from_bytes<Result>(bytes);
    }

    Task<std::string> perform(internal::ProcessJob job, std::optional<Duration> limit);
    std::size_t default_limit() const noexcept;

    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace plait
