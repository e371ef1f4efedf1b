#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/call_result.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/group/in_flight.hpp"
#include "plait/batch/method/status_request.hpp"
#include "plait/batch/method/stop_request.hpp"
#include "plait/batch/run_options.hpp"
#include "plait/batch/sources/call_source.hpp"
#include "plait/batch/sources/resumable_source.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/batch/tally/tally.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// In place of a results file: results go out as values only, and the run can't be resumed.
struct NoFile {};
inline constexpr NoFile no_file{};

/// What a run did so far.
class RunNumbers {
  public:
    RunNumbers() {}

    Tally tally;                             ///< results, with those of earlier runs
    CallerCounts counts;                     ///< of this run
    Duration elapsed{};                      ///< since this run began, up to its end
    std::vector<std::string> first_unknown;  ///< ids of the first calls of this run that ended as `unknown`
    RunRemarks remarks;                      ///< of this run
};

/// What a run works with instead of the real thing: for tests, and for programs that look at each attempt.
class RunWorld {
  public:
    RunWorld() {}

    std::unique_ptr<Method> method;  ///< null: the one that the options name
    /// Called with that method once, before the first attempt, and returns the one to use: it has to pass on all that
    /// it is asked. Null: the method is used as it is.
    std::function<std::unique_ptr<Method>(std::unique_ptr<Method>)> wrap_method;
    /// Asked after each attempt but redirects, in the loop of the run, whether another one is worthwhile. Null: nobody.
    WantsRetry wants_retry;
    const WallClock* calendar = &SystemWallClock::instance();
    std::optional<std::uint64_t> seed;  ///< of random numbers; nothing: a random one
};

/// A run: makes each request of an input a call, and writes each call's result as a line of a file.
///
///     batch::Run run("requests.jsonl", "results.jsonl", {.limits = {policy::parse_rate_limit("requests=500/m")}});
///     const batch::RunEnd end = plait::run(run.finish());
///
/// However a run ends, even by `kill -9`, the same program resumes it: calls that have a result are not made again, an
/// unsafe request whose outcome is not known is not sent again, and budgets and limits count what was sent before. A
/// journal, `results.jsonl.plait`, knows that; `plait status results.jsonl` reads it while the run goes on. Settings
/// that decide what results mean (base URL, names of headers and secrets, keys, body format) must not change in
/// between.
///
/// Results also go out as values, in the loop that runs the calling task:
///
///     while (const auto result = co_await run.next())
///         std::cout << result->custom_id() << ' ' << to_string(result->end.outcome) << '\n';
///
/// And requests also come as values, from a range or a generator of `Call`s:
///
///     batch::Run run(batch::calls_from(std::move(calls)), "results.jsonl");    // or batch::no_file
///
/// What a call comes to is never thrown: it is in its result. Errors of the run are, as `Error`:
///
/// - `bad_input`, from the constructor: no such input, a changed input or setting, or files of another run. From
/// `finish`
///   and `next`: an input that is read once, such as a pipe, has changed.
/// - `storage`: a file can't be read or written. Everything written before stands, and the run can be resumed.
///
/// Only `finish` and `next` suspend; the constructor reads the input and the results that exist, and blocks meanwhile.
/// A run belongs to one thread, and from the first `next` to the end to one task. Destroying it before the end drops
/// the calls in flight, as a crash does: the next run knows which of them were sent.
class Run {
  public:
    /// `requests`: a file of requests (docs/formats.md), a URL, or `-` for standard input. `results`: a file, or `-`
    /// for standard output; only a regular file can be resumed.
    Run(std::string requests, std::string results, RunOptions options = {}, RunWorld world = {});
    /// The same of several URLs.
    Run(std::vector<std::string> requests, std::string results, RunOptions options = {}, RunWorld world = {});
    /// The calls of `source`, such as `calls_from(...)`. `options.requests` is about lines: it must stay as it is.
    Run(std::unique_ptr<ResumableSource> source, std::string results, RunOptions options = {}, RunWorld world = {});
    Run(std::unique_ptr<ResumableSource> source, NoFile, RunOptions options = {}, RunWorld world = {});
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    /// Makes all calls that have no result yet, writes their results, and returns how the run ended. After `next`,
    /// drops the values that are left. Again: returns the same.
    Task<RunEnd> finish() &;

    /// Waits for the next result, which is in the file by then; only results of this run come, not those of earlier
    /// ones. Returns nothing at the end; `finish` then says how the run ended. Calls are made from the first `next` on,
    /// and wait while about a hundred results are not taken; so await the first one where the whole run may go on, and
    /// not within a scope that ends before it.
    Task<std::optional<CallResult>> next() &;

    /// Starts no more calls; those in flight have `grace`. A second time: they are given up at once, and have a result,
    /// too. On the thread of the run.
    void interrupt(std::string why = "interrupted");
    bool is_interrupted() const noexcept;

    /// Sends nothing until `resume`; attempts in flight go on to their end. Meanwhile results are written, and
    /// deadlines pass. Also before the run begins. On the thread of the run.
    void pause();
    void resume();
    bool is_paused() const noexcept;

    /// Identifies the run: a resumed run has the id that it began with. Empty without a file.
    const std::string& id() const noexcept;
    /// Whether the same command can resume it.
    bool is_resumable() const noexcept;

    /// Returns the numbers so far; all zero before the first `finish` or `next`.
    RunNumbers numbers() const;
    /// Why the run was stopped, or is left unfinished: a sentence; nothing when it was not.
    std::optional<std::string> stop_reason() const;
    /// Whether a budget is the reason.
    bool is_budget_used_up() const noexcept;

    /// Returns how the run stands, or stood at its end; empty before the first `finish` or `next`.
    RunReport report();
    /// Calls that were sent and have not ended.
    std::size_t in_flight() const noexcept;
    /// Returns at most `most` of them, the oldest first.
    std::vector<CallInFlight> oldest_in_flight(std::size_t most) const;
    /// The loops of other threads that make an attempt now (see `inspect`).
    std::vector<LoopHandle> worker_loops() const;

    /// The loop for a run with a trace is made with these.
    EventLoopOptions loop_options() const;
    /// For signal handlers, and for other threads: they interrupt a run, or ask it for its status, even while the
    /// method `sync` blocks its loop. Follow `StopRequest::ask` with `interrupt`.
    StopRequest& stop_request() noexcept;
    StatusRequest& status_request() noexcept;

  private:
    struct Parts;
    class Engine;

    Run(RunOptions options, RunWorld world);
    void open_files(const std::string& results);
    Engine& begin(bool takes_values);
    Task<void> drop_values();

    std::unique_ptr<Parts> parts_;
    std::unique_ptr<Engine> engine_;
};

}  // namespace plait::batch
