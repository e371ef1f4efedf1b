#include "plait/async/event_loop.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/internal/debug_watch.hpp"

#include <utility>
#include <vector>

namespace plait {

namespace {

class MainTask final : public internal::TaskOwner {
  public:
    void task_ended(internal::TaskRecord& record, std::exception_ptr error) noexcept override {
        record.internal::ListNode<internal::SiblingTag>::unlink();
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
    : debug_watch_(options.debug ? std::make_unique<internal::DebugWatch>(*options.debug, options.recorder) : nullptr),
      scheduler_({options.clock, debug_watch_ ? debug_watch_.get() : options.recorder, options.timer_slack,
                  options.shuffle_seed, debug_watch_.get()}) {
    if (debug_watch_) debug_watch_->watch(scheduler_);
}

EventLoop::~EventLoop() = default;

LoopStatistics EventLoop::statistics() const { return internal::statistics_of(scheduler_); }

LoopStatistics EventLoop::current_statistics() { return internal::statistics_of(internal::Scheduler::current()); }

void EventLoop::run_to_end(Task<void> task) {
    MainTask main;
    CancelScope scope;
    scope.task_owner_ = &main;
    internal::TaskRecord record(std::move(task).release(), scope);
    main.tasks().push_back(record);
    scheduler_.start(record, "main");
    scheduler_.set_main_scope(&scope);
    scheduler_.run_until(main.ended());
    scheduler_.set_main_scope(nullptr);
    main.rethrow();
}

namespace internal {

LoopStatistics statistics_of(const Scheduler& scheduler) {
    const LoopMeter& meter = scheduler.meter();
    LoopStatistics result;
    result.ready = scheduler.ready_count();
    result.waiting = scheduler.waiting_count();
    result.timers = scheduler.timer_count();
    result.started = scheduler.started();
    result.switches = meter.switches();
    result.polls = scheduler.polls();
    result.ran = meter.ran();
    result.waited = meter.waited();
    result.longest_run = meter.longest_run();
    if (const DebugWatch* watch = meter.debug()) {
        result.longest_run = watch->longest_run();
        result.longest_runner = watch->longest_runner();
    }
    return result;
}

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
