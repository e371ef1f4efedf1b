#include "plait/workers/thread_pool.hpp"

namespace plait {

ThreadPool::ThreadPool(const ThreadPoolOptions& options)
    : options_(options), team_(std::make_shared<internal::ThreadTeam>(options.threads)) {
    PLAIT_ASSERT(options.threads > 0, "a pool has a thread to run jobs on");
}

ThreadPool::~ThreadPool() { team_->close(); }

bool ThreadPool::stop_requested() noexcept {
    const internal::ThreadJob* const job = internal::ThreadTeam::current_job();
    return job && job->stop_requested();
}

Task<void> ThreadPool::give_up(internal::ThreadTeam& team, internal::ThreadJob& job, WhenCancelled when_cancelled) {
    if (!team.withdraw(job)) {
        job.request_stop();
        if (when_cancelled == WhenCancelled::abandon) {
            team.abandon(job);
        } else {
            CancelScope until_it_ends;
            until_it_ends.shield();
            co_await until_it_ends.run(job.ended().wait());
        }
    }
    throw Cancelled();
}

}  // namespace plait
