#include "plait/batch/internal/run_engine.hpp"

#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/output/result_queue.hpp"

#include <chrono>
#include <utility>

namespace plait::batch {

namespace {

/// Closes the values when it goes, whatever the reason: whoever takes them must not wait for ever.
class ClosedAtTheEnd {
  public:
    explicit ClosedAtTheEnd(ResultValues& values) noexcept : values_(values) {}
    ClosedAtTheEnd(const ClosedAtTheEnd&) = delete;
    ClosedAtTheEnd& operator=(const ClosedAtTheEnd&) = delete;
    ~ClosedAtTheEnd() { values_.close(); }

  private:
    ResultValues& values_;
};

}  // namespace

Task<void> Run::Engine::carry_out() {
    TaskGroup beside;
    if (parts_.cookie_file) beside.start(parts_.cookie_file->keep(), "cookies");
    if (Journal* const journal = parts_.journal()) {
        beside.start(keep_status(*journal), "status");
        if (!parts_.options.budgets.empty()) beside.start(keep_spent(*journal), "budget");
    }
    beside.start(work_beside(), "method");
    try {
        co_await beginning_.run(parts_.method->begin());
        const RunEnd end = co_await runner.run();
        last_report_ = monitor_.last_report(end);
        if (end == RunEnd::interrupted) last_report_.stopped = interruption_;
        end_ = end;
        // The method may have failed meanwhile, and with it the run.
        if (error_ && parts_.files && !runner.has_read_any()) {
            leave_files();
        } else {
            close_files();
        }
        if (!error_) co_await parts_.method->end(end == RunEnd::finished);
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
        if (!end_ && parts_.files) leave_files();
    }
    beside.cancel();
    co_await beside.join();
    save_cookies();
}

/// The method's own work. If it fails, no attempt can be made any more.
Task<void> Run::Engine::work_beside() {
    try {
        co_await parts_.method->work();
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
        interrupt();
        interrupt();
    }
}

void Run::Engine::interrupt(std::string why) {
    if (interruption_.empty()) interruption_ = std::move(why);
    beginning_.cancel();
    runner.interrupt();
}

/// However the run ended; no earlier state of the cookies is written any more.
void Run::Engine::save_cookies() {
    try {
        if (parts_.cookie_file) parts_.cookie_file->save();
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
    }
}

Task<void> Run::Engine::carry_out_beside() {
    const ClosedAtTheEnd closed(parts_.values);
    co_await carry_out();
}

// The group goes now, as it belongs to the task that made it.
Task<void> Run::Engine::join() {
    co_await beside_->join();
    beside_.reset();
}

RunEnd Run::Engine::end() const {
    if (error_) std::rethrow_exception(error_);
    return *end_;
}

/// After an error. A run that did nothing, such as one that was given another file than it was meant for, must not keep
/// its input and options from being put right.
void Run::Engine::leave_files() {
    if (!runner.has_read_any()) {
        parts_.files->discard();
    } else {
        if (Journal* const journal = parts_.journal()) journal->set_status(to_json(report_of_failure()));
        parts_.files->close();  // what is known of requests that were not sent
    }
}

/// Results that were counted may not have been written, so that the run has not ended: `plait status` counts anew.
RunReport Run::Engine::report_of_failure() {
    RunReport report = monitor_.report();
    try {
        std::rethrow_exception(error_);
    } catch (const Error& error) {
        report.stopped = error.what();
    }
    return report;
}

void Run::Engine::close_files() {
    if (!parts_.files) return;
    if (Journal* const journal = parts_.journal()) {
        journal->set_spent(runner.spent());
        journal->set_status(to_json(last_report_));
    }
    parts_.files->close();
}

/// Stores how the run stands where `plait status` finds it.
Task<void> Run::Engine::keep_status(Journal& journal) {
    for (;;) {
        journal.set_status(to_json(monitor_.report()));
        co_await sleep_for(std::chrono::seconds(1));
    }
}

/// Stores what is spent as soon as results are, so that not even a killed run spends a budget twice.
Task<void> Run::Engine::keep_spent(Journal& journal) {
    for (;;) {
        journal.set_spent(runner.spent());
        co_await sleep_for(ResultQueue::longest_wait);
    }
}

}  // namespace plait::batch
