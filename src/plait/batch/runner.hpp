#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call.hpp"
#include "plait/batch/id_register.hpp"
#include "plait/batch/in_flight.hpp"
#include "plait/batch/method.hpp"
#include "plait/batch/result_line.hpp"
#include "plait/batch/result_queue.hpp"
#include "plait/batch/sink.hpp"
#include "plait/batch/source.hpp"
#include "plait/batch/tally.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>
#include <exception>
#include <list>
#include <string>
#include <vector>

namespace plait::batch {

/// How a run is made.
struct RunnerOptions {
    /// Calls in flight in all, if the method makes so many at a time.
    std::size_t concurrency = 100;
    /// Results leave in the order of the input, instead of the order of completion.
    bool ordered = false;
    BodyFormat body_format = BodyFormat::automatic;
    /// How long calls in flight may go on after an interruption.
    Duration grace = std::chrono::seconds(10);
    /// Takes a strand for each call, and is closed with the run. The loop that runs the runner is made with its
    /// recorder. Outlives that loop; null: nothing is recorded.
    trace::TraceFile* trace = nullptr;
};

/// How a run ended.
enum class RunEnd {
    finished,
    interrupted,
    unread,  ///< nobody reads the results any more
};

/// Makes each request of a source a call, and each call a line in a sink.
///
/// One loop coordinates everything: it reads the source when a call may start, hands the request to the method, and
/// notes what came of it. Memory does not grow with the source, but for the ids (see `IdRegister`).
class Runner {
  public:
    /// With `ordered`, a call starts at most this many times the concurrency ahead of the first that has not ended.
    static constexpr std::size_t ordered_window = 10;

    /// The three outlive the runner.
    Runner(Source& source, Method& method, Sink& sink, const RunnerOptions& options);

    /// Makes all calls and writes all results. Throws `Error(storage)` when the sink can't be written, after giving up
    /// the calls in flight; or when the source can't be read, after the calls that were started. Once.
    Task<RunEnd> run();

    /// Starts no more calls; those in flight have the grace period. A second time: they are given up at once. Calls
    /// that were given up have a result, too. On the loop's thread.
    void interrupt();

    bool is_interrupted() const noexcept { return interrupted_.is_set(); }

    /// At most `most` of the calls in flight, the oldest first.
    std::vector<CallInFlight> oldest_in_flight(std::size_t most) const;

    /// The numbers so far.
    const Tally& tally() const noexcept { return tally_; }

    /// The time since the run began.
    Duration elapsed() const noexcept;

  private:
    /// A call, while its task lives.
    class InFlight {
      public:
        InFlight(const std::string& custom_id_, TimePoint since_) : custom_id(custom_id_), since(since_) {}

        CancelScope scope;
        const std::string& custom_id;
        TimePoint since;
    };

    Task<void> make_calls();
    Task<void> start_calls(TaskGroup& calls);
    void start_call(TaskGroup& calls, Call call, Semaphore::Permit permit, ResultQueue::Place place);
    Task<void> make_call(Call call, Semaphore::Permit permit, ResultQueue::Place place);
    void refuse(const BadLine& line, ResultQueue::Place place);
    Task<void> write_results();
    Task<void> keep_trace_written();
    void close_trace();
    void trace_call(const Call& call, const Attempt& attempt, Outcome outcome, trace::Strand strand);
    Task<void> end_grace();
    void give_up() noexcept;

    Source& source_;
    Method& method_;
    RunnerOptions options_;
    ResultQueue results_;
    ResultLineWriter writer_;
    Semaphore permits_;
    IdRegister ids_;
    Tally tally_;
    TimePoint began_{};
    RunEnd end_ = RunEnd::finished;
    std::exception_ptr source_error_;

    CancelScope starting_;           ///< starting calls; left early when the run is interrupted
    std::list<InFlight> in_flight_;  ///< one for each call, in the order of their start
    Event interrupted_;
    bool gave_up_ = false;
};

}  // namespace plait::batch
