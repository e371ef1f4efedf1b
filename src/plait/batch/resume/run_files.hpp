#pragma once

#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/requests/resumable_source.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/limit_file.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace plait::batch {

struct RunFilesOptions {
    /// Results and state of an earlier run are replaced.
    bool overwrite = false;
    /// Lines that were appended to the input are taken in.
    bool extend = false;
    /// What is written is on the disk before anything depends on it.
    bool durable = false;
};

/// The state file of these results.
std::string state_path(const std::string& results_path);

/// The files of a run, new or as an earlier run left them, whatever end that had: its results, and beside them its
/// state. Nobody else can open them meanwhile.
class RunFiles {
  public:
    /// Opens or makes `results_path` and its state file, and prepares `source`, which then leaves out what has a
    /// result. Results that are no regular file, such as a pipe, have no state, and nobody can go on with them.
    ///
    /// Throws `Error(bad_input)` when the input, a setting or a file is not what it was, or when another process has
    /// the files; and `Error(storage)` when they can't be read or written. Each says what to do. Outlives the reading
    /// of the source.
    static std::unique_ptr<RunFiles> open(const std::string& results_path, ResumableSource& source,
                                          const Settings& settings, const RunFilesOptions& options);

    /// Results on standard output, with which nobody can go on.
    static std::unique_ptr<RunFiles> standard_output();

    /// The sink appends to the results.
    Sink& sink() noexcept { return *sink_; }
    /// Null when the run can't be gone on with.
    Journal* journal() noexcept { return journal_.get(); }
    /// Remembers what leaves under given limits from now on, and what left in earlier runs; null when the run can't be
    /// gone on with. Throws `Error(storage)`. `calendar` outlives this.
    LimitFile* remember_limits(const WallClock& calendar);
    /// The same in each run that goes on with these files, and in no other.
    const std::string& run_id() const noexcept { return run_id_; }

    /// Results were there already, or the run that began had come to none.
    bool is_resumed() const noexcept { return is_resumed_; }
    /// Lines that have a result.
    const LineSet& done() const noexcept { return done_; }
    /// How many results of each outcome there are already.
    const std::array<std::uint64_t, outcome_count>& outcomes() const noexcept { return outcomes_; }
    /// The ids of the results.
    IdRegister& ids() noexcept { return ids_; }
    /// Lines whose unsafe request was about to leave in an earlier run, and that have no result.
    const LineSet& sent_before() const noexcept;

    /// Commits what is left, when all calls have ended.
    void close();

  private:
    RunFiles() = default;

    void follow(ResumableSource& source, bool extend);
    void read_results(int file, const std::string& name);

    std::string limits_path_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<LimitFile> limit_file_;
    std::unique_ptr<InputWatch> watch_;
    std::unique_ptr<Sink> sink_;
    std::string run_id_;
    bool is_resumed_ = false;
    LineSet done_;
    std::uint64_t whole_bytes_ = 0;  ///< of the results
    LineSet nothing_;
    std::array<std::uint64_t, outcome_count> outcomes_{};
    IdRegister ids_;
};

}  // namespace plait::batch
