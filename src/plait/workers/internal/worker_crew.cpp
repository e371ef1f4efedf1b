#include "plait/workers/internal/worker_crew.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
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

Duration time_left(Duration limit, const Progress& progress, TimePoint sent, TimePoint now) noexcept {
    const TimePoint begun = progress.any_begun() ? progress.begun_at : sent;
    return std::max(Duration::zero(), limit - (now - begun));
}

Task<WorkerCrew::Hired> WorkerCrew::hire() {
    if (idle_.empty()) {
        if (const Duration delay = delay_after_failed_starts(failed_starts_); delay > Duration::zero())
            co_await sleep_for(delay);
    }
    if (idle_.empty()) co_return Hired(*this, start_worker());
    auto latest = std::move(idle_.back());
    idle_.pop_back();
    co_return Hired(*this, std::move(latest));
}

std::unique_ptr<WorkerCrew::Worker> WorkerCrew::start_worker() {
    ResultBoard::Made made = ResultBoard::make();
    auto worker = std::make_unique<Worker>(server_.start_worker(), std::move(made.result_board));
    // If the message can't be delivered, the worker has ended already, and the first attempt to give it a job will find
    // that.
    send_packet(worker->socket.fd(), bytes_of(Welcome{}), {}, made.file.get());
    return worker;
}

void WorkerCrew::replace() noexcept {
    try {
        idle_.push_back(start_worker());
    } catch (const std::exception&) {
        // The next attempt to hire reports why.
    }
}

WorkerCrew::Hired::~Hired() {
    if (worker_) crew_->server_.kill_worker(worker_->id);
}

Task<Exchange> WorkerCrew::Hired::exchange(const ProcessJob& job, std::optional<Duration> limit) {
    worker_->result_board.reset();
    JobHead head{job.perform(), job.function(), static_cast<std::uint32_t>(job.size()),
                 static_cast<std::uint32_t>(job.size()), job.rules()};
    if (crew_->jobs_per_worker_ > 0) {
        const std::uint64_t left = crew_->jobs_per_worker_ - worker_->items_done;
        head.most = static_cast<std::uint32_t>(std::min<std::uint64_t>(head.most, left));
    }
    // A worker that has ended already may have said why.
    const bool taken = send_message(worker_->socket.fd(), bytes_of(head), job.payload());
    if (!taken || !limit) co_return co_await receive();

    // The worker notes its times by this clock.
    const Clock& clock = SteadyClock::instance();
    const TimePoint sent = clock.now();
    Progress progress;
    for (;;) {
        auto in_time = co_await within(time_left(*limit, progress, sent, clock.now()), receive());
        if (in_time) co_return std::move(*in_time);
        // The item that was looked at may have ended meanwhile, and another one has its own time.
        progress = worker_->result_board.progress();
        if (time_left(*limit, progress, sent, clock.now()) > Duration::zero()) continue;
        if (worker_->result_board.stop_at(progress)) break;
    }
    Exchange given_up(Exchange::End::time_up);
    given_up.progress = progress;
    co_return given_up;
}

Task<Exchange> WorkerCrew::Hired::receive() {
    const OutsideWork in_a_process;
    Descriptor& socket = worker_->socket;
    Exchange exchange(Exchange::End::replied);
    for (;;) {
        co_await socket.readable(trace::Wait::process_job);
        const auto received = crew_->reader_.receive_message(socket.fd(), exchange.head, exchange.body);
        if (received == Received::end) {
            exchange.end = Exchange::End::died;
            exchange.progress = worker_->result_board.progress();
            co_return exchange;
        }
        socket.set_drained();  // a worker sends one message a job
        if (received == Received::message) co_return exchange;
    }
}

void WorkerCrew::Hired::give_back(std::size_t items) {
    auto worker = std::move(worker_);
    crew_->failed_starts_ = 0;
    worker->items_done += items;
    if (worker->items_done == crew_->jobs_per_worker_) {
        crew_->server_.forget_worker(worker->id);
        crew_->replace();
    } else {
        crew_->idle_.push_back(std::move(worker));
    }
}

void WorkerCrew::Hired::forget() noexcept {
    crew_->server_.forget_worker(worker_->id);
    worker_.reset();
}

WorkerDeath WorkerCrew::Hired::bury(const Progress& progress) {
    const auto worker = std::move(worker_);
    const WorkerDeath death = crew_->server_.death_of(worker->id);
    if (!progress.any_begun() && worker->items_done == 0) {
        ++crew_->failed_starts_;
    } else {
        crew_->replace();
    }
    return death;
}

}  // namespace plait::internal
