#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/workers/internal/packets.hpp"
#include "plait/workers/internal/worker_process.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>

namespace plait::internal {

using WorkerId = std::uint64_t;

/// How a worker process ended.
struct WorkerDeath {
    WorkerId worker = 0;
    pid_t pid = 0;        ///< 0: it could not be started
    int wait_status = 0;  ///< as `waitpid` gives it; or the `errno` of starting it
};

/// A small process of one thread that forks worker processes, and reaps them; this is its end in the program that uses
/// them.
///
/// It is forked from the program while that has one thread (forking a process of many copies locks that nobody will
/// ever release), and so can start workers at any time later. When the program ends, in whatever way, it kills the
/// workers and ends.
class ForkServer {
  public:
    /// Throws Error when the process has more than one thread.
    explicit ForkServer(const WorkerSetup& setup);
    ForkServer(const ForkServer&) = delete;
    ForkServer& operator=(const ForkServer&) = delete;
    /// Waits for the end of the workers, whose sockets are closed. Those that are still at work after a second are
    /// killed.
    ~ForkServer();

    struct Worker {
        WorkerId id;
        UniqueFd socket;
    };
    /// Starts a worker. Its socket takes jobs at once; it shows its end when the worker has ended. Throws Error when
    /// the server has ended.
    Worker start_worker();

    /// Kills a worker. Don't call `death_of` for it.
    void kill_worker(WorkerId worker) noexcept;

    /// Lets a worker end by itself. Don't call `death_of` for it.
    void forget_worker(WorkerId worker) noexcept { asked_about_.erase(worker); }

    /// Returns how a worker ended whose socket has shown its end. Throws Error when the server itself has ended.
    WorkerDeath death_of(WorkerId worker);

  private:
    void collect_deaths();

    UniqueFd control_;
    pid_t pid_ = 0;
    WorkerId last_id_ = 0;
    PacketReader reader_;
    std::set<WorkerId> asked_about_;
    std::map<WorkerId, WorkerDeath> deaths_;
};

}  // namespace plait::internal
