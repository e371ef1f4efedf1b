#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/call/tally.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/output/result_queue.hpp"
#include "plait/batch/run/caller.hpp"
#include "plait/batch/run/key_order.hpp"
#include "plait/batch/run/read_ahead.hpp"
#include "plait/policy/random.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// How a run is made.
class RunnerOptions {
  public:
    RunnerOptions() {}

    /// How each call is made. `is_resumable`: a later run can go on with what this one leaves.
    CallerOptions calls;
    /// The most requests that are read before they can leave, so that one group's wait holds back no other.
    std::size_t read_ahead = 1000;
    /// Results leave in the order of the input, instead of the order of completion.
    bool ordered = false;
    BodyFormat body_format = BodyFormat::automatic;
    /// How long calls in flight may go on after an interruption.
    Duration grace = std::chrono::seconds(10);
    /// Takes a span for each call, and is closed with the run. The loop that runs the runner is made with its
    /// recorder. Outlives that loop; null: nothing is recorded.
    trace::TraceFile* trace = nullptr;
    /// Where chance begins.
    std::uint64_t seed = 1;
    /// Where dates come from; outlives the runner.
    const WallClock* calendar = &SystemWallClock::instance();
    /// Lines of requests that an earlier run sent without getting to know what came of it, and that must not be sent
    /// twice: they end as `unknown`. Outlives the runner; null: none.
    const LineSet* sent_before = nullptr;
};

/// How a run ended.
enum class RunEnd {
    finished,
    interrupted,
    stopped,  ///< by a rule, or because groups are parked: `Runner::stop_reason` says why
    unread,   ///< nobody reads the results any more
};

/// Makes each request of a source a call, and each call a line in a sink.
///
/// One loop coordinates everything: it reads the source when a call may start, hands the request to the method, and
/// notes what came of it. Memory does not grow with the source, but for the ids (see `IdRegister`).
class Runner {
  public:
    /// With `ordered`, a call starts at most this many times the concurrency ahead of the first that has not ended.
    static constexpr std::size_t ordered_window = 10;
    /// So many ids of unknown outcome are kept.
    static constexpr std::size_t most_unknown = 20;

    /// The three outlive the runner. In a running loop. `ids` are those of results that are there already.
    Runner(Source& source, Method& method, Sink& sink, const RunnerOptions& options, IdRegister ids = IdRegister(),
           const Tally& before = Tally());

    /// Makes all calls and writes all results. Throws `Error(storage)` when the sink can't be written, after giving up
    /// the calls in flight; or when the source can't be read, after the calls that were started. Once.
    Task<RunEnd> run();

    /// Starts no more calls; those in flight have the grace period. A second time: they are given up at once. Calls
    /// that were given up have a result, too. On the loop's thread.
    void interrupt();

    bool is_interrupted() const noexcept { return interrupted_.is_set(); }

    /// Why the run was stopped, or is left unfinished: a sentence; nothing when it was not.
    std::optional<std::string> stop_reason() const;

    /// The numbers so far.
    const Tally& tally() const noexcept { return tally_; }
    /// The calls that are being made.
    const Caller& calls() const noexcept { return caller_; }
    Caller& calls() noexcept { return caller_; }
    /// The ids of the first calls of this run that end as `unknown`.
    const std::vector<std::string>& first_unknown() const noexcept { return first_unknown_; }

    /// The time since the run began.
    Duration elapsed() const noexcept;

  private:
    Task<void> make_calls();
    Task<void> start_calls(TaskGroup& calls);
    void start_call(TaskGroup& calls, Call&& call, ReadAhead::Permit ahead, ResultQueue::Place place);
    Task<void> make_call(Call call, ReadAhead::Permit ahead, ResultQueue::Place place,
                         std::optional<KeyOrder::Turn> turn);
    void end_call(const Call& call, CallEnd& end, std::size_t sent_bytes, ResultQueue::Place place);
    void refuse(const BadLine& line, ResultQueue::Place place);
    void stop_starting() noexcept;
    Task<void> write_results();
    Task<void> keep_trace_written();
    void close_trace();
    void trace_call(const Call& call, CallEnd& end);
    Task<void> end_grace();

    Source& source_;
    RunnerOptions options_;
    policy::Random random_;
    Caller caller_;
    const bool blocks_loop_;
    ResultQueue results_;
    ResultLineWriter writer_;
    ReadAhead ahead_;
    IdRegister ids_;
    KeyOrder order_;
    Tally tally_;
    std::vector<std::string> first_unknown_;
    TimePoint began_{};
    RunEnd end_ = RunEnd::finished;
    std::exception_ptr source_error_;

    CancelScope starting_;  ///< starting calls; left early when the run is interrupted
    Event interrupted_;
};

}  // namespace plait::batch
