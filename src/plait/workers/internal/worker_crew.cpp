#include "plait/workers/internal/worker_crew.hpp"

#include "plait/async/sleep.hpp"
#include "plait/trace/recorder.hpp"

#include <algorithm>

namespace plait::internal {

Duration delay_after_failed_starts(int failed) noexcept {
    using namespace std::chrono_literals;
    constexpr int doublings_at_most = 9;
    if (failed < 2) return 0ms;  // one death may be bad luck
    return std::min<Duration>(10ms * (1 << std::min(failed - 2, doublings_at_most)), 5s);
}

Task<WorkerCrew::Hired> WorkerCrew::hire() {
    if (idle_.empty()) {
        if (const Duration delay = delay_after_failed_starts(failed_starts_); delay > Duration::zero())
            co_await sleep_for(delay);
    }
    if (idle_.empty()) co_return Hired(*this, std::make_unique<Worker>(server_.start_worker()));
    auto latest = std::move(idle_.back());
    idle_.pop_back();
    co_return Hired(*this, std::move(latest));
}

void WorkerCrew::replace() noexcept {
    try {
        idle_.push_back(std::make_unique<Worker>(server_.start_worker()));
    } catch (const std::exception&) {
        // Whoever hires next learns why.
    }
}

WorkerCrew::Hired::~Hired() {
    if (worker_) crew_->server_.kill_worker(worker_->id);
}

Task<std::optional<WorkerReply>> WorkerCrew::Hired::exchange(const ProcessJob& job) {
    Descriptor& socket = worker_->socket;
    const JobHead head{job.perform, job.function};
    sent_ = send_message(socket.fd(), bytes_of(head), job.arguments);
    ReplyHead reply{};
    std::string body;
    for (;;) {
        co_await socket.readable(trace::Wait::process_job);
        const auto received = crew_->reader_.receive_message(socket.fd(), reply, body);
        if (received == Received::end) co_return std::nullopt;
        socket.set_drained();  // a worker sends one message a job
        if (received == Received::message) co_return WorkerReply(reply, std::move(body));
    }
}

void WorkerCrew::Hired::give_back(ReplyHead::Kind reply) {
    auto worker = std::move(worker_);
    if (reply == ReplyHead::Kind::not_ready) return crew_->server_.forget_worker(worker->id);
    crew_->failed_starts_ = 0;
    ++worker->jobs_done;
    if (worker->jobs_done == crew_->jobs_per_worker_) {
        crew_->server_.forget_worker(worker->id);
        crew_->replace();
    } else {
        crew_->idle_.push_back(std::move(worker));
    }
}

WorkerDeath WorkerCrew::Hired::bury() {
    const auto worker = std::move(worker_);
    WorkerDeath death = crew_->server_.death_of(worker->id);
    if (!sent_) death.untaken = 1;
    if (death.untaken > 0 && worker->jobs_done == 0) {
        ++crew_->failed_starts_;
    } else {
        crew_->replace();
    }
    return death;
}

}  // namespace plait::internal
