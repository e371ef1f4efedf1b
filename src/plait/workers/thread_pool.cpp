#include "plait/workers/thread_pool.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"

namespace plait {

namespace {

/// Takes a job out of the queue when the task that waits for it is dropped.
class WithdrawnAtEnd {
  public:
    WithdrawnAtEnd(internal::ThreadTeam& team, internal::ThreadJob& job) noexcept : team_(team), job_(job) {}
    WithdrawnAtEnd(const WithdrawnAtEnd&) = delete;
    WithdrawnAtEnd& operator=(const WithdrawnAtEnd&) = delete;
    ~WithdrawnAtEnd() {
        if (!job_.ended().is_set()) team_.withdraw(job_);
    }

  private:
    internal::ThreadTeam& team_;
    internal::ThreadJob& job_;
};

}  // namespace

ThreadPool::ThreadPool(const ThreadPoolOptions& options)
    : options_(options), team_(std::make_shared<internal::ThreadTeam>(options.threads)) {
    PLAIT_ASSERT(options.threads > 0, "a pool has a thread to run jobs on");
}

ThreadPool::~ThreadPool() { team_->close(); }

bool ThreadPool::stop_requested() noexcept {
    const internal::ThreadJob* const job = internal::ThreadTeam::current_job();
    return job && job->stop_requested();
}

Task<void> ThreadPool::run_on(std::shared_ptr<internal::ThreadTeam> team, std::shared_ptr<internal::ThreadJob> job,
                              WhenCancelled when_cancelled) {
    const OutsideWork on_a_thread;
    const WithdrawnAtEnd guard(*team, *job);
    team->enqueue(job, EventLoop::current_handle());
    try {
        co_await job->ended().wait();
        co_return;
    } catch (const Cancelled&) {
    }
    if (!team->withdraw(*job)) {
        job->request_stop();
        if (when_cancelled == WhenCancelled::abandon) {
            team->abandon(*job);
        } else {
            CancelScope until_it_ends;
            until_it_ends.shield();
            co_await until_it_ends.run(job->ended().wait());
        }
    }
    throw Cancelled();
}

}  // namespace plait
