#pragma once

#include "plait/async/descriptor.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/workers/internal/fork_server.hpp"
#include "plait/workers/internal/packets.hpp"
#include "plait/workers/internal/process_job.hpp"
#include "plait/workers/internal/worker_process.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::internal {

/// How long to wait before the next worker is started when `failed` in a row ended before they had taken a job.
Duration delay_after_failed_starts(int failed) noexcept;

/// What a worker sent back for a job.
struct WorkerReply {
    WorkerReply(ReplyHead what, std::string with) : head(what), body(std::move(with)) {}

    ReplyHead head;
    std::string body;
};

/// The worker processes of a pool: which are idle, and replacing those that end. The pool sees to it that never more
/// are hired than it has places for.
class WorkerCrew {
  public:
    struct Worker {
        explicit Worker(ForkServer::Worker started) : id(started.id), socket(std::move(started.socket)) {}

        WorkerId id;
        Descriptor socket;
        std::uint64_t jobs_done = 0;
    };

    /// A worker while it has a job. One that is neither given back nor buried is killed at the end: nobody waits for it
    /// any more.
    class Hired {
      public:
        Hired(WorkerCrew& crew, std::unique_ptr<Worker> worker) noexcept : crew_(&crew), worker_(std::move(worker)) {}
        Hired(Hired&&) noexcept = default;
        Hired& operator=(Hired&&) = delete;
        ~Hired();

        /// Sends `job`, which outlives the task, and waits for the reply; nothing when the worker ended first.
        Task<std::optional<WorkerReply>> exchange(const ProcessJob& job);

        /// The worker has replied, and is free for the next job; or it ends, when it was not ready or has done its
        /// share.
        void give_back(ReplyHead::Kind reply);

        /// The worker has ended: replaces it, and gives how it ended. `untaken` is 0 when it had taken the job.
        WorkerDeath bury();

      private:
        WorkerCrew* crew_;
        std::unique_ptr<Worker> worker_;
        bool sent_ = false;
    };

    explicit WorkerCrew(const WorkerSetup& setup, std::uint64_t jobs_per_worker)
        : server_(setup), jobs_per_worker_(jobs_per_worker) {}

    /// The idle worker that was last at work, or a new one. Waits only after failed starts. Throws Error when none can
    /// be started.
    Task<Hired> hire();

  private:
    void replace() noexcept;

    ForkServer server_;
    const std::uint64_t jobs_per_worker_;
    PacketReader reader_;
    std::vector<std::unique_ptr<Worker>> idle_;
    int failed_starts_ = 0;  // in a row
};

}  // namespace plait::internal
