#include "plait/workers/process_pool.hpp"

#include "plait/async/coordination/semaphore.hpp"
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

std::exception_ptr time_up(Duration limit) {
    const auto milliseconds = std::chrono::duration<double, std::milli>(limit).count();
    return std::make_exception_ptr(
        Error(ErrorCode::timeout, fmt::format("run a job in a worker process: timed out after {} ms", milliseconds)));
}

/// The reply of a worker to a job.
internal::JobReply reply_of(const internal::WorkerCrew::Hired& worker, internal::Exchange exchange) {
    internal::JobReply reply(exchange.head.on_board, worker.outcomes(exchange.head.on_board));
    if (exchange.head.has_beside_board) reply.add(exchange.head.beside_board, std::move(exchange.body));
    reply.set_took(exchange.head.took);
    return reply;
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

std::size_t ProcessPool::workers() const noexcept { return state_->workers; }

Task<internal::JobReply> ProcessPool::perform(internal::ProcessJob& job, std::optional<Duration> limit) {
    using End = internal::Exchange::End;
    const auto place = co_await state_->places.acquire();
    internal::WorkerDeath death;
    for (int workers = 0; workers < most_workers_for_a_job; ++workers) {
        auto worker = co_await state_->crew.hire();
        auto exchange = co_await worker.exchange(job, limit);
        if (exchange.end == End::replied && exchange.head.kind == internal::ReplyHead::Kind::not_ready) {
            worker.forget();
            throw Error(ErrorCode::worker_died,
                        "start a worker process: its initializer threw: " + std::string(exchange.body.bytes()));
        }
        if (exchange.end == End::replied) {
            auto reply = reply_of(worker, std::move(exchange));
            worker.give_back(reply.size());
            co_return reply;
        }
        const internal::Progress& progress = exchange.progress;
        internal::JobReply reply(progress.done, worker.outcomes(progress.done));
        if (exchange.end == End::time_up) {
            // If not even the first item has begun, its worker hangs, and the time of that item is up.
            if (progress.runs_one || reply.size() == 0) reply.add(time_up(*limit));
            co_return reply;
        }
        death = worker.bury(progress);
        if (progress.runs_one) reply.add(std::make_exception_ptr(WorkerDied(death.pid, death.wait_status)));
        if (reply.size() > 0) co_return reply;
    }
    throw Error(ErrorCode::worker_died, why_none_starts(death));
}

}  // namespace plait
