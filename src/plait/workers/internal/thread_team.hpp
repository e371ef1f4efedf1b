#pragma once

#include "plait/workers/internal/thread_job.hpp"

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace plait::internal {

/// Jobs in the order in which they came; any of them can be removed.
class ThreadJobQueue {
  public:
    void push(ThreadJob& job) noexcept;
    /// Removes and returns the oldest job; null when there is none.
    ThreadJob* pop() noexcept;
    void remove(ThreadJob& job) noexcept;
    std::size_t size() const noexcept { return size_; }

  private:
    ThreadJob* first_ = nullptr;
    ThreadJob* last_ = nullptr;
    std::size_t size_ = 0;
};

/// One thread of a pool.
struct PoolThread {
    std::thread thread;
    /// The loop that was notified last. Acquiring it for each job would make the threads contend for its reference
    /// count.
    std::optional<LoopHandle> loop;
    const ThreadJob* job = nullptr;  ///< the one that it runs, or has run and not yet looked for the next
    bool abandoned = false;          ///< nobody waits for it
};

/// The threads of a pool and the queue that they work through; one mutex guards all of it. A thread is started when a
/// job comes and none is free for it, up to the limit, and then kept.
class ThreadTeam : public std::enable_shared_from_this<ThreadTeam> {
  public:
    explicit ThreadTeam(std::size_t limit) noexcept : limit_(limit) {}

    /// Queues a job for a task of `loop`, which is notified when it has run.
    void enqueue(std::shared_ptr<ThreadJob> job, LoopHandle loop);

    /// Queues a job for a thread, which calls `finish` before it destroys it.
    void enqueue(ThreadJob& job) { push(job); }

    /// Removes a job that no thread has taken. Returns false when one has.
    bool withdraw(ThreadJob& job) noexcept;

    /// Abandons `job`: `close` will not wait for it.
    void abandon(ThreadJob& job) noexcept;

    /// Blocks until `job` has run. Runs it on the calling thread when no other has taken it.
    void finish(ThreadJob& job) noexcept;

    /// Waits until the threads have run what is queued and ended, but for those whose job was abandoned: they end
    /// later.
    void close() noexcept;

    /// The number of threads.
    std::size_t size() const;

    /// Returns the job that the calling thread runs; null when it runs none.
    static const ThreadJob* current_job() noexcept;

  private:
    using Lock = std::unique_lock<std::mutex>;

    void push(ThreadJob& job);
    bool take_out(ThreadJob& job) noexcept;
    void start_thread();
    void work(PoolThread& self);
    void run_next(Lock& lock, PoolThread& self) noexcept;
    static void execute(ThreadJob& job) noexcept;
    void wait_until_called(Lock& lock);

    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable work_came_;
    std::condition_variable job_ended_;
    ThreadJobQueue queue_;
    std::list<PoolThread> threads_;
    std::size_t asleep_ = 0;  // threads that wait and were not notified yet
    std::size_t called_ = 0;  // threads that were notified and did not wake up yet
    bool closing_ = false;
};

}  // namespace plait::internal
