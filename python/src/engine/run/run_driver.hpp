#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/hosted_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/run.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace plait::python {

/// How a run stands.
struct RunStanding {
    RunStanding() {}

    batch::RunReport report;
    batch::RunNumbers numbers;
    std::optional<batch::RunEnd> end;  ///< nothing: it has not ended
    std::optional<std::string> stop_reason;
};

/// A run with its loop, for a thread that blocks or an event loop that watches it: no Python in it. For one thread at a
/// time.
class RunDriver {
  public:
    /// With this many results that nobody has taken, the run waits.
    static constexpr std::size_t most_values = 100;

    RunDriver() = default;
    RunDriver(const RunDriver&) = delete;
    RunDriver& operator=(const RunDriver&) = delete;
    /// Drops the calls in flight, as a crash does.
    ~RunDriver();

    /// Call it once, before anything else.
    void open(std::unique_ptr<batch::Run> run);
    /// The run has a trace. Before `open`.
    void set_traced() noexcept { is_traced_ = true; }
    /// Collects a warning, in any thread.
    void warn(const std::string& sentence);
    std::vector<std::string> take_warnings();

    bool has_begun() const noexcept { return has_begun_; }
    bool is_over() const noexcept { return is_over_; }
    /// Begins the run, whose results are kept for `take` or dropped.
    void begin(bool keeps_values);
    /// From now on results are dropped, also those that are there.
    void drop_values();

    bool has_values() const noexcept { return !values_.empty(); }
    batch::CallResult take();

    /// Waits at most for `longest` until there is something to do, and does it, until `longest` has passed, there are
    /// results, or the run is over. Returns at once when a signal arrives.
    void advance(std::chrono::milliseconds longest);
    /// For an event loop: watch `fd`, and turn when it is readable.
    int fd() const noexcept { return loop_->fd(); }
    void turn();
    /// After what makes the run go on, such as `take`: does it.
    void run_ready();
    /// Sets an event that the run waits for. See to a turn.
    void wake(Event& event);
    /// After the end: closes what the run still has open. Watch `fd` no longer.
    void let_go() noexcept;
    /// Does what there is to do, unless it did so in this millisecond.
    void keep_going();

    /// Starts no more calls; those in flight have the grace period. A second time: gives them up.
    void interrupt();

    /// The error that the run ended with; null: none.
    const std::exception_ptr& error() const noexcept { return error_; }
    /// As it is now. Not within a turn.
    const RunStanding& standing();

  private:
    Task<void> drive(std::unique_ptr<batch::Run> run);
    Task<void> carry_out();
    Task<void> take_values();
    Task<void> interrupt_run();
    Task<void> go_on();
    Task<void> look();
    static Task<void> set(Event& event);
    void note();

    std::unique_ptr<batch::Run> idle_;  ///< before it begins; from then on, its task owns it
    batch::Run* run_ = nullptr;         ///< while it is carried out
    std::deque<batch::CallResult> values_;
    Event changed_;
    bool has_begun_ = false;
    bool keeps_values_ = false;
    bool is_full_ = false;  ///< and `drive` waits
    bool is_over_ = false;
    std::exception_ptr error_;
    RunStanding standing_;
    std::chrono::steady_clock::time_point last_turn_;
    std::mutex mutex_;
    std::vector<std::string> warnings_;
    bool is_traced_ = false;
    std::unique_ptr<batch::Run> traced_;  ///< after its end, until `let_go`
    std::optional<HostedLoop> loop_;      // last: its tasks use the others; nothing before `open`, and after `let_go`
};

}  // namespace plait::python
