#pragma once

#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/workers/internal/fork_server.hpp"
#include "plait/workers/internal/packets.hpp"
#include "plait/workers/internal/process_job.hpp"
#include "plait/workers/internal/result_board.hpp"
#include "plait/workers/internal/worker_process.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::internal {

/// Returns how long to wait before the next worker is started, after `failed` in a row ended before they took a job.
Duration delay_after_failed_starts(int failed) noexcept;

/// Returns how much of `limit` is left for the item that runs, or that began last. Before the first item, the worker
/// has the same time to begin it.
Duration time_left(Duration limit, const Progress& progress, TimePoint sent, TimePoint now) noexcept;

/// How a worker's exchange of a job ended.
struct Exchange {
    enum class End : std::uint8_t {
        replied,  ///< with `head` and `body`
        died,
        time_up  ///< an item ran for too long; the worker stopped where `progress` says
    };
    explicit Exchange(End how) noexcept : end(how) {}

    End end;
    ReplyHead head;
    Payload body;
    Progress progress;  ///< of a worker that did not reply
};

/// The worker processes of a pool: keeps the idle ones, and replaces those that end. The pool never hires more than it
/// has places for.
class WorkerCrew {
  public:
    struct Worker {
        Worker(ForkServer::Worker started, ResultBoard shared)
            : id(started.id), socket(std::move(started.socket)), result_board(std::move(shared)) {}

        WorkerId id;
        Descriptor socket;
        ResultBoard result_board;
        std::uint64_t items_done = 0;
    };

    /// A worker while it has a job. One that is neither given back nor buried is killed at the end: nobody waits for it
    /// any more.
    class Hired {
      public:
        Hired(WorkerCrew& crew, std::unique_ptr<Worker> worker) noexcept : crew_(&crew), worker_(std::move(worker)) {}
        Hired(Hired&&) noexcept = default;
        Hired& operator=(Hired&&) = delete;
        ~Hired();

        /// Sends `job`, which outlives the task, and waits for the end of it. `limit` is for each item, and for the
        /// worker to begin the first.
        Task<Exchange> exchange(const ProcessJob& job, std::optional<Duration> limit);

        /// Returns the outcomes of the first `items` items.
        std::string outcomes(std::uint32_t items) const { return worker_->result_board.outcomes(items); }

        /// Call when the worker has replied for `items` items. It is then free for the next job, or ends when it has
        /// done its share.
        void give_back(std::size_t items);

        /// Call when the worker ends by itself, because it was not ready.
        void forget() noexcept;

        /// Call when the worker has ended. Replaces it, and returns how it ended.
        WorkerDeath bury(const Progress& progress);

      private:
        Task<Exchange> receive();

        WorkerCrew* crew_;
        std::unique_ptr<Worker> worker_;
    };

    explicit WorkerCrew(const WorkerSetup& setup, std::uint64_t jobs_per_worker)
        : server_(setup), jobs_per_worker_(jobs_per_worker) {}

    /// Returns the idle worker that worked last, or a new one. Waits only after failed starts. Throws Error when none
    /// can be started.
    Task<Hired> hire();

  private:
    std::unique_ptr<Worker> start_worker();
    void replace() noexcept;

    ForkServer server_;
    const std::uint64_t jobs_per_worker_;
    PacketReader reader_;
    std::vector<std::unique_ptr<Worker>> idle_;
    int failed_starts_ = 0;  // in a row
};

}  // namespace plait::internal
