#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/output/result_queue.hpp"
#include "plait/batch/output/result_values.hpp"
#include "plait/batch/run/key_order.hpp"
#include "plait/batch/run/read_ahead.hpp"
#include "plait/batch/run/saved_bodies.hpp"
#include "plait/batch/tally/error_kinds.hpp"
#include "plait/batch/tally/tally.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// How the calls of a run are made.
class RunnerOptions {
  public:
    RunnerOptions() {}

    /// How each call is made. `is_resumable`: a later run can make the calls that this one leaves without a result.
    CallerOptions calls;
    /// The most requests that are read before they can be sent, so that a group that waits holds back no other.
    std::size_t read_ahead = 1000;
    /// Results leave in the order of the input, instead of the order of completion.
    bool ordered = false;
    ResultFormat result_format{};
    /// Waits for the disk before a result refers to a saved body.
    bool durable_bodies = false;
    /// Time limit for calls in flight after an interruption.
    Duration grace = std::chrono::seconds(10);
    /// Seeds the random numbers of the run.
    std::uint64_t seed = 1;
};

/// What a run has to say beside its numbers.
class RunRemarks {
  public:
    RunRemarks() {}

    std::vector<std::string> warnings;  ///< sentences about rules without effect
    std::string first_bad_line;         ///< why the first line that is not a request was refused; empty: none was
};

/// What a runner works with beside its source and method. All objects outlive it; null: none.
class RunnerParts : public CallParts {
  public:
    RunnerParts() {}

    Sink* sink = nullptr;            ///< takes result lines
    ResultValues* values = nullptr;  ///< takes results as values
    /// Takes a span for each call, and is closed with the run. The loop that runs the runner is made with its recorder,
    /// and the trace outlives that loop.
    trace::TraceFile* trace = nullptr;

    // What earlier runs of the same calls left.

    /// Lines of unsafe requests that were sent and whose outcome is not known: they are not sent again, and end as
    /// `unknown`.
    const LineSet* sent_before = nullptr;
    IdRegister ids;              ///< of the results
    Tally done;                  ///< the results
    policy::Costs spent_before;  ///< of the budgets
};

/// How a run ended.
enum class RunEnd {
    finished,
    interrupted,
    stopped,  ///< by a rule, or because groups are parked: `Runner::stop_reason` says why
    unread,   ///< nobody reads the results any more
};

/// Makes each request of a source a call, and each call a result. `batch::Run` is the way to use it: it also keeps the
/// files of the run, so that it can be resumed.
///
/// One loop coordinates everything: it reads the source when a call may start, hands the request to the method, and
/// puts the result out. Memory does not grow with the source, but for the ids (see `IdRegister`).
class Runner {
  public:
    /// With `ordered`, a call starts at most this many times the concurrency ahead of the first that has not ended.
    static constexpr std::size_t ordered_window = 10;
    /// This many ids of unknown outcome are kept.
    static constexpr std::size_t most_unknown = 20;

    /// `source` and `method` outlive the runner.
    Runner(Source& source, Method& method, const RunnerOptions& options, RunnerParts parts);

    /// Makes all calls and writes all results. Throws `Error(storage)` when the sink can't be written, after giving up
    /// the calls in flight; or when the source can't be read, after the calls that were started. Once.
    Task<RunEnd> run();

    /// Starts no more calls; those in flight have the grace period. A second time: they are given up at once. Calls
    /// that were given up have a result, too. Before `run`, or on the loop's thread.
    void interrupt();

    bool is_interrupted() const noexcept { return interrupted_.is_set(); }

    /// Whether no further call is started: it was interrupted, or a rule stops it.
    bool is_stopping() const noexcept { return is_interrupted() || caller_.stop_reason().has_value(); }

    /// Sends nothing until `resume`; attempts in flight go on to their end (`Caller::pause`). On the loop's thread.
    void pause() noexcept { caller_.pause(); }
    void resume() noexcept { caller_.resume(); }
    bool is_paused() const noexcept { return caller_.is_paused(); }

    /// Why the run was stopped, or is left unfinished: a sentence; nothing when it was not.
    std::optional<std::string> stop_reason() const;
    /// Whether a budget is the reason.
    bool is_budget_used_up() const noexcept { return caller_.rules().is_budget_used_up(); }

    /// The numbers so far, with those of earlier runs.
    const Tally& tally() const noexcept { return tally_; }
    const CallerCounts& counts() const noexcept { return caller_.counts(); }
    /// The results of this run that are not ok, by kind.
    const ErrorKinds& error_kinds() const noexcept { return error_kinds_; }
    /// The ids of the first calls of this run that end as `unknown`.
    const std::vector<std::string>& first_unknown() const noexcept { return first_unknown_; }
    /// What there is to say of this run so far; all of it when the run has ended.
    RunRemarks remarks() const;
    /// Returns the time since the run began, up to its end.
    Duration elapsed() const noexcept;

    /// Whether the source had a line to make a call of, or to refuse, so far.
    bool has_read_any() const noexcept { return has_read_any_; }

    /// Calls that were sent and have not ended.
    std::size_t in_flight() const noexcept { return caller_.in_flight(); }
    /// Returns at most `most` of them, the oldest first.
    std::vector<CallInFlight> oldest_in_flight(std::size_t most) const { return caller_.oldest_in_flight(most); }
    std::vector<GroupReport> groups(const ClockPair& clocks) const { return caller_.groups(clocks); }
    std::vector<RemoteWorker> remote_workers() const { return method_.remote_workers(); }
    const std::vector<policy::BudgetRule>& budgets() const noexcept { return caller_.rules().budgets(); }
    /// Returns what all runs of these calls spent, of the units that have a budget.
    policy::Costs spent() const { return caller_.rules().spent(); }
    /// The limits that were given.
    const std::vector<policy::RateLimit>& limits() const noexcept { return options_.calls.limits; }

  private:
    CallerParts caller_parts(Method& method);
    Task<void> make_calls();
    Task<void> start_calls(TaskGroup& calls);
    void start_call(TaskGroup& calls, Call&& call, ReadAhead::Permit ahead, OutputSlot slot);
    Task<void> make_call(Call call, ReadAhead::Permit ahead, OutputSlot slot, Boxed<KeyOrder::Turn> turn);
    std::string claim_result(const Call& call);
    std::string why_refused(const Call& call) const;
    void end_call(Call& call, CallEnd& end, OutputSlot slot);
    void refuse(BadLine line, OutputSlot slot);
    void stop_starting() noexcept;
    Task<void> write_results();
    Task<void> end_grace();

    Source& source_;
    Method& method_;
    const RunnerOptions options_;
    RunnerParts parts_;
    Random random_;
    Caller caller_;
    const bool blocks_loop_;
    ResultQueue results_;
    ResultLineWriter writer_;
    ReadAhead ahead_;
    KeyOrder order_;
    Tally tally_;
    ErrorKinds error_kinds_;
    std::vector<std::string> first_unknown_;
    std::string first_bad_line_;
    std::optional<TimePoint> began_;
    std::optional<TimePoint> ended_;
    bool has_read_any_ = false;
    RunEnd end_ = RunEnd::finished;
    std::exception_ptr source_error_;

    SavedBodies bodies_;

    CancelScope starting_;  ///< starting calls; left early when the run is interrupted
    Event interrupted_;
};

}  // namespace plait::batch
