#include "run/run_driver.hpp"

#include <poll.h>

#include <utility>

namespace plait::python {

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

RunDriver::~RunDriver() {
    if (loop_) loop_->drop_all();
}

void RunDriver::open(std::unique_ptr<batch::Run> run) {
    loop_.emplace(run->loop_options());
    idle_ = std::move(run);
}

void RunDriver::warn(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    warnings_.push_back(sentence);
}

std::vector<std::string> RunDriver::take_warnings() {
    const std::lock_guard lock(mutex_);
    return std::exchange(warnings_, {});
}

void RunDriver::begin(bool keeps_values) {
    has_begun_ = true;
    keeps_values_ = keeps_values;
    run_ = idle_.get();
    loop_->start(drive(std::move(idle_)), "run");
    loop_->run_ready();
}

// The task owns the run: what is dropped with the task must not outlive it. At its end, the run lets go of its files.
Task<void> RunDriver::drive(std::unique_ptr<batch::Run> run) {
    co_await carry_out();
    note();
    run_ = nullptr;
    if (is_traced_) {
        traced_ = std::move(run);
    } else {
        run.reset();
    }
    is_over_ = true;
}

Task<void> RunDriver::carry_out() {
    try {
        co_await take_values();
        standing_.end = co_await run_->finish();
    } catch (...) {
        error_ = std::current_exception();
    }
}

/// Keeps results until they are to be dropped, or there are no more.
Task<void> RunDriver::take_values() {
    while (keeps_values_) {
        std::optional<batch::CallResult> result = co_await run_->next();
        if (!result) co_return;
        if (keeps_values_) values_.push_back(std::move(*result));
        while (keeps_values_ && values_.size() >= most_values) {
            is_full_ = true;
            changed_.reset();
            co_await changed_.wait();
        }
    }
}

Task<void> RunDriver::go_on() {
    is_full_ = false;
    changed_.set();
    co_return;
}

void RunDriver::drop_values() {
    keeps_values_ = false;
    values_.clear();
    if (is_full_) loop_->start(go_on());
}

batch::CallResult RunDriver::take() {
    batch::CallResult result = std::move(values_.front());
    values_.pop_front();
    if (is_full_ && values_.size() == most_values / 2) loop_->start(go_on());
    return result;
}

void RunDriver::advance(std::chrono::milliseconds longest) {
    const auto until = Clock::now() + longest;
    loop_->run_ready();
    while (!is_over_ && values_.empty()) {
        pollfd readable{loop_->fd(), POLLIN, 0};
        if (::poll(&readable, 1, static_cast<int>(longest.count())) < 0) break;
        loop_->turn();
        last_turn_ = Clock::now();
        if (last_turn_ >= until) break;
    }
}

void RunDriver::turn() {
    if (is_over_ || loop_->is_in_turn()) return;
    loop_->turn();
}

void RunDriver::run_ready() {
    if (!is_over_ && !loop_->is_in_turn()) loop_->run_ready();
}

void RunDriver::wake(Event& event) {
    if (is_over_) return;
    loop_->start(set(event));
}

Task<void> RunDriver::set(Event& event) {
    event.set();
    co_return;
}

// The loop records into the trace, which the run owns.
void RunDriver::let_go() noexcept {
    if (!is_over_ || !traced_) return;
    loop_.reset();
    traced_.reset();
}

void RunDriver::keep_going() {
    if (is_over_ || loop_->is_in_turn() || Clock::now() - last_turn_ < std::chrono::milliseconds(1)) return;
    loop_->turn();
    last_turn_ = Clock::now();
}

Task<void> RunDriver::interrupt_run() {
    if (run_) run_->interrupt();  // it may have ended first
    co_return;
}

void RunDriver::interrupt() {
    if (is_over_) return;
    loop_->start(interrupt_run());
    loop_->run_ready();
}

void RunDriver::note() {
    standing_.report = run_->report();
    standing_.numbers = run_->numbers();
    standing_.stop_reason = run_->stop_reason();
}

Task<void> RunDriver::look() {
    if (run_) note();
    co_return;
}

const RunStanding& RunDriver::standing() {
    if (has_begun_ && !is_over_) {
        loop_->start(look());
        loop_->run_ready();
    }
    return standing_;
}

}  // namespace plait::python
