#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/limit_file.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace plait::batch {

struct RunFilesOptions {
    /// Replace results and state of an earlier run.
    bool overwrite = false;
    /// Accept lines that were appended to the input.
    bool extend = false;
    /// Wait until writes are on the disk before anything depends on them.
    bool durable = false;
};

/// Returns the path of the state file of these results.
std::string state_path(const std::string& results_path);

/// Returns the form of the requests of these results, as their state file says; that of plait if there is none.
BatchFormat recorded_format(const std::string& results_path);

/// The files of a run: its results, and beside them its state. They are new, or were left by an earlier run, however it
/// ended. While this object lives, no other process can open them.
///
///     const auto files = RunFiles::open("results.jsonl", settings, options);
///     RequestDefaults defaults;
///     defaults.key_seed = files->run_id();
///     const auto source = open_source({"requests.jsonl"}, defaults);
///     files->follow(*source);
///
/// In this order, the id of the run is known before its source is opened, and no file is changed if opening it fails.
class RunFiles {
  public:
    /// Locks `results_path`, which is created if it does not exist, and reads what the state file says about earlier
    /// runs. Nothing is replaced before `follow`; without a `follow`, files that did not exist are removed again.
    /// Results that are not a regular file, such as a pipe, have no state: such a run can't be resumed.
    ///
    /// Throws `Error(bad_input)` when a setting or a file has changed, or when another process has the files; and
    /// `Error(storage)` when they can't be read or written. Each message says what to do.
    static std::unique_ptr<RunFiles> open(const std::string& results_path, const Settings& settings,
                                          const RunFilesOptions& options);

    /// Results on standard output: such a run can't be resumed.
    static std::unique_ptr<RunFiles> standard_output();

    RunFiles(const RunFiles&) = delete;
    RunFiles& operator=(const RunFiles&) = delete;
    ~RunFiles();

    /// Identifies the run: a resumed run has the id that it began with, and no other run has it.
    const std::string& run_id() const noexcept { return run_id_; }
    /// Whether an earlier run began with these files, even if it has no result yet.
    bool is_resumed() const noexcept { return is_resumed_; }

    /// Compares `source` with the input of the earlier run, and has it skip the lines that have a result. Call it once,
    /// before `source` is read, and before anything below is used. Throws as `open` does, and `Error(bad_input)` when
    /// the input has changed. This object must outlive the reading of `source`.
    void follow(ResumableSource& source);

    /// Appends to the results.
    Sink& sink() noexcept { return *sink_; }
    /// Null when the run can't be resumed.
    Journal* journal() noexcept { return journal_.get(); }
    /// Opens the log of what is sent under the given limits, with what earlier runs sent. Null when the run can't be
    /// resumed. Throws `Error(storage)`. `calendar` must outlive this object.
    LimitFile* remember_limits(const WallClock& calendar);
    /// Lines that have a result.
    const LineSet& done() const noexcept { return done_; }
    /// The number of existing results of each outcome.
    const std::array<std::uint64_t, outcome_count>& outcomes() const noexcept { return outcomes_; }
    /// The ids of the results.
    IdRegister& ids() noexcept { return ids_; }
    /// Lines whose unsafe request an earlier run sent, or was about to send, and that have no result.
    const LineSet& sent_before() const noexcept;

    /// Commits the rest, when all calls have ended.
    void close();
    /// As `close`, and removes the files if the run began with them and has no result: it leaves nothing to resume.
    void discard();

  private:
    class ResultsFile;

    RunFiles(std::string results_path, const Settings& settings, const RunFilesOptions& options);

    void take_up();
    bool has_only_bad_lines() const;
    void begin(const ResumableSource& source);
    void compare_input(ResumableSource& source);
    void read_results();

    std::string results_path_;
    std::string state_path_;
    Settings settings_;
    RunFilesOptions options_;
    std::unique_ptr<ResultsFile> results_;  ///< until `follow`; null: such results have no state
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<LimitFile> limit_file_;
    std::unique_ptr<InputWatch> watch_;
    std::unique_ptr<Sink> sink_;
    std::string run_id_;
    bool is_resumed_ = false;
    bool are_results_new_ = false;  ///< the results were created by this run
    LineSet done_;
    std::uint64_t whole_bytes_ = 0;  ///< of the results
    LineSet nothing_;
    std::array<std::uint64_t, outcome_count> outcomes_{};
    IdRegister ids_;
};

}  // namespace plait::batch
