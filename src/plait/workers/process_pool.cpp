#include "plait/workers/process_pool.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/base/assert.hpp"
#include "plait/workers/internal/worker_crew.hpp"

#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>

#include <stdexcept>

namespace plait {

namespace {

// A job that was not taken is safe to hand on, but not for ever.
constexpr int most_workers_for_a_job = 5;

std::string how_it_ended(int wait_status) {
    if (!WIFSIGNALED(wait_status)) return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
    const int number = WTERMSIG(wait_status);
    return fmt::format("was ended by signal {} ({})", number, ::strsignal(number));
}

std::string why_none_starts(const internal::WorkerDeath& last) {
    const std::string how = last.pid == 0 ? fmt::format("could not be started: {}", system_message(last.wait_status))
                                          : how_it_ended(last.wait_status);
    return fmt::format("run a job: {} worker processes in a row ended before they could take it; the last {}",
                       most_workers_for_a_job, how);
}

/// The bytes of the job's value, or throws what the job threw.
std::string value_of(internal::WorkerReply reply) {
    using Kind = internal::ReplyHead::Kind;
    switch (reply.head.kind) {
        case Kind::result:
            break;
        case Kind::error:
            throw Error(reply.head.code, reply.body);
        case Kind::exception:
            throw std::runtime_error(reply.body);
        case Kind::not_ready:
            throw Error(ErrorCode::worker_died, "start a worker process: its initializer threw: " + reply.body);
    }
    return std::move(reply.body);
}

/// What the worker replies to `job`, which outlives the task; nothing when it ended first. Throws Error(timeout) after
/// `limit`.
Task<std::optional<internal::WorkerReply>> exchange(internal::WorkerCrew::Hired& worker,
                                                    const internal::ProcessJob& job, std::optional<Duration> limit) {
    if (!limit) co_return co_await worker.exchange(job);
    auto in_time = co_await within(*limit, worker.exchange(job));
    if (!in_time) {
        const auto milliseconds = std::chrono::duration<double, std::milli>(*limit).count();
        throw Error(ErrorCode::timeout,
                    fmt::format("run a job in a worker process: timed out after {} ms", milliseconds));
    }
    co_return std::move(*in_time);
}

}  // namespace

WorkerDied::WorkerDied(pid_t pid, int wait_status)
    : Error(ErrorCode::worker_died,
            fmt::format("worker process {} {} while it ran the job", pid, how_it_ended(wait_status))),
      pid_(pid),
      wait_status_(wait_status) {}

int WorkerDied::signal() const noexcept { return WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0; }
int WorkerDied::exit_status() const noexcept { return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : 0; }

struct ProcessPool::State {
    explicit State(const ProcessPoolOptions& options)
        : workers(options.workers),
          places(options.workers),
          crew({options.memory_limit, options.initializer}, options.jobs_per_worker) {}

    const std::size_t workers;
    Semaphore places;
    internal::WorkerCrew crew;
};

ProcessPool::ProcessPool(const ProcessPoolOptions& options) : state_(std::make_unique<State>(options)) {
    PLAIT_ASSERT(options.workers > 0, "a pool has a worker to run jobs in");
}

ProcessPool::~ProcessPool() = default;

// A worker that is done finds the next job waiting.
std::size_t ProcessPool::default_limit() const noexcept { return 2 * state_->workers; }

Task<std::string> ProcessPool::perform(internal::ProcessJob job, std::optional<Duration> limit) {
    const auto place = co_await state_->places.acquire();
    internal::WorkerDeath death;
    for (int workers = 0; workers < most_workers_for_a_job; ++workers) {
        auto worker = co_await state_->crew.hire();
        auto reply = co_await exchange(worker, job, limit);
        if (reply) {
            worker.give_back(reply->head.kind);
            co_return value_of(std::move(*reply));
        }
        death = worker.bury();
        if (death.untaken == 0) throw WorkerDied(death.pid, death.wait_status);
    }
    throw Error(ErrorCode::worker_died, why_none_starts(death));
}

}  // namespace plait
