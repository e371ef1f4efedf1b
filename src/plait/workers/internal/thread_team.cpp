#include "plait/workers/internal/thread_team.hpp"

#include "plait/base/error.hpp"

#include <signal.h>

#include <string>
#include <system_error>
#include <utility>

namespace plait::internal {

namespace {

constinit thread_local const ThreadJob* running_job = nullptr;

/// Threads started while it lives receive no signals that are addressed to the program: those are for the thread with
/// the loop.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t requests;
        ::sigfillset(&requests);
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
            ::sigdelset(&requests, fault);
        ::pthread_sigmask(SIG_SETMASK, &requests, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_;
};

}  // namespace

void ThreadJobQueue::push(ThreadJob& job) noexcept {
    job.next_ = nullptr;
    job.previous_ = last_;
    (last_ ? last_->next_ : first_) = &job;
    last_ = &job;
    ++size_;
}

ThreadJob* ThreadJobQueue::pop() noexcept {
    ThreadJob* const job = first_;
    if (job) remove(*job);
    return job;
}

void ThreadJobQueue::remove(ThreadJob& job) noexcept {
    (job.previous_ ? job.previous_->next_ : first_) = job.next_;
    (job.next_ ? job.next_->previous_ : last_) = job.previous_;
    --size_;
}

void ThreadTeam::enqueue(std::shared_ptr<ThreadJob> job, LoopHandle loop) {
    ThreadJob& queued = *job;
    queued.loop_.emplace(std::move(loop));
    queued.held_by_pool_ = std::move(job);
    push(queued);
}

void ThreadTeam::push(ThreadJob& job) {
    Lock lock(mutex_);
    queue_.push(job);
    job.state_ = ThreadJob::State::queued;
    if (queue_.size() <= called_) return;
    if (asleep_ > 0) {
        --asleep_;
        ++called_;
        lock.unlock();
        work_came_.notify_one();
    } else if (threads_.size() < limit_) {
        start_thread();
    }
}

void ThreadTeam::start_thread() {
    const SignalsBlocked in_the_new_thread;
    PoolThread& thread = threads_.emplace_back();
    try {
        thread.thread = std::thread([team = shared_from_this(), &thread] { team->work(thread); });
    } catch (const std::system_error& error) {
        threads_.pop_back();
        // The other threads will run the job.
        if (!threads_.empty()) return;
        throw Error(ErrorCode::storage, std::string("start the first thread of a pool: ") + error.what());
    }
}

bool ThreadTeam::take_out(ThreadJob& job) noexcept {
    if (job.state_ != ThreadJob::State::queued) return false;
    queue_.remove(job);
    job.state_ = ThreadJob::State::idle;
    return true;
}

bool ThreadTeam::withdraw(ThreadJob& job) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!take_out(job)) return false;
    }
    job.held_by_pool_.reset();
    return true;
}

void ThreadTeam::abandon(ThreadJob& job) noexcept {
    const std::lock_guard lock(mutex_);
    for (PoolThread& thread : threads_) {
        if (thread.job == &job) thread.abandoned = true;
    }
}

void ThreadTeam::finish(ThreadJob& job) noexcept {
    Lock lock(mutex_);
    if (take_out(job)) {
        lock.unlock();
        return execute(job);
    }
    job.waited_for_ = true;
    job_ended_.wait(lock, [&] { return job.state_ == ThreadJob::State::ended; });
}

void ThreadTeam::execute(ThreadJob& job) noexcept {
    const ThreadJob* const outer = std::exchange(running_job, &job);
    job.execute();
    running_job = outer;
}

void ThreadTeam::run_next(Lock& lock, PoolThread& self) noexcept {
    ThreadJob& job = *queue_.pop();
    job.state_ = ThreadJob::State::running;
    self.job = &job;
    lock.unlock();
    execute(job);
    if (job.loop_) {
        // Once posted, the job may be gone, and the loop too.
        if (self.loop != job.loop_) self.loop = job.loop_;
        if (!self.loop->post(job)) job.held_by_pool_.reset();
        lock.lock();
    } else {
        lock.lock();
        job.state_ = ThreadJob::State::ended;
        if (job.waited_for_) job_ended_.notify_all();
    }
    self.job = nullptr;
    self.abandoned = false;
}

void ThreadTeam::work(PoolThread& self) {
    Lock lock(mutex_);
    for (;;) {
        while (queue_.size() > 0) run_next(lock, self);
        if (closing_) return;
        self.loop.reset();
        wait_until_called(lock);
    }
}

void ThreadTeam::wait_until_called(Lock& lock) {
    ++asleep_;
    work_came_.wait(lock, [&] { return called_ > 0 || closing_; });
    if (called_ > 0) --called_;
}

void ThreadTeam::close() noexcept {
    std::list<PoolThread> ending;
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        for (auto thread = threads_.begin(); thread != threads_.end();) {
            const auto next = std::next(thread);
            if (thread->abandoned) {
                thread->thread.detach();
            } else {
                ending.splice(ending.end(), threads_, thread);
            }
            thread = next;
        }
    }
    work_came_.notify_all();
    for (PoolThread& thread : ending) thread.thread.join();
}

std::size_t ThreadTeam::size() const {
    const std::lock_guard lock(mutex_);
    return threads_.size();
}

const ThreadJob* ThreadTeam::current_job() noexcept { return running_job; }

}  // namespace plait::internal
