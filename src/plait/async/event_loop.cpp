#include "plait/async/event_loop.hpp"

#include "plait/async/cancel_scope.hpp"

#include <utility>
#include <vector>

namespace plait {

namespace {

LoopStatistics statistics_of(const internal::Scheduler& scheduler) noexcept {
    LoopStatistics result;
    result.ready = scheduler.ready_count();
    result.waiting = scheduler.waiting_count();
    result.timers = scheduler.timer_count();
    result.started = scheduler.started();
    result.switches = scheduler.switches();
    result.polls = scheduler.polls();
    result.longest_run = scheduler.longest_run();
    return result;
}

class MainTask final : public internal::TaskOwner {
  public:
    void task_ended(internal::TaskRecord&, std::exception_ptr error) noexcept override {
        error_ = std::move(error);
        ended_ = true;
    }
    const bool& ended() const noexcept { return ended_; }
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

  private:
    bool ended_ = false;
    std::exception_ptr error_;
};

}  // namespace

EventLoop::EventLoop(const EventLoopOptions& options)
    : scheduler_({options.clock, options.recorder, options.timer_slack, options.shuffle_seed}) {}

LoopStatistics EventLoop::statistics() const noexcept { return statistics_of(scheduler_); }

LoopStatistics EventLoop::current_statistics() noexcept { return statistics_of(internal::Scheduler::current()); }

void EventLoop::run_to_end(Task<void> task) {
    MainTask main;
    CancelScope scope;
    scope.task_owner_ = &main;
    internal::TaskRecord record(std::move(task).release(), scope);
    scheduler_.start(record, "main");
    scheduler_.run_until(main.ended());
    main.rethrow();
}

namespace internal {

namespace {
struct PrivateLoops {
    std::vector<std::unique_ptr<EventLoop>> by_depth;
    std::size_t depth = 0;

    EventLoop& enter() {
        if (depth == by_depth.size()) by_depth.push_back(std::make_unique<EventLoop>());
        return *by_depth[depth++];
    }
};
thread_local PrivateLoops private_loops;
}  // namespace

PrivateLoop::PrivateLoop() : loop_(private_loops.enter()) {}
PrivateLoop::~PrivateLoop() { --private_loops.depth; }

}  // namespace internal

void leave_loops_of_parent() noexcept {
    // Not destroyed: they may be in use further up this very stack, which is never returned to.
    static_cast<void>(new internal::PrivateLoops(std::exchange(internal::private_loops, {})));
    internal::Scheduler::leave_current();
}

}  // namespace plait
