#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/send_log.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/resume/journal_facts.hpp"
#include "plait/batch/resume/run_id.hpp"
#include "plait/batch/resume/settings.hpp"
#include "plait/policy/pace/costs.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

namespace internal {
class SentMarks;
class StateFile;
}  // namespace internal

/// Writes the state file that a run keeps beside its results, so that it can be resumed (docs/formats.md).
///
/// An unsafe request may be sent after a commit: one that notes the request, or one that reserves its line among many
/// others. For reserved lines, marks in mapped memory then say which were sent. Marks survive a killed process, as
/// commits do, and cost next to nothing.
///
/// Failures throw `Error(storage)`, which says what to do, or `Error(bad_input)` for a file of another kind. After that
/// the run must end: the state of the disk is unknown, so nothing is tried again. For the tasks of one loop.
class Journal final : public SendLog {
  public:
    /// Opens the state file, or creates it for its owner only. With `durable`, commits wait for the disk, and no marks
    /// are used. Marks are not used, either, where files can't be mapped into shared memory.
    Journal(const std::string& path, bool durable);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal() override;

    /// Whether no run has begun in it.
    bool is_new() const noexcept { return run_id_.empty(); }

    /// Begins a run under this id. `requests`: the path of its input, if it has one.
    void begin(const Settings& settings, const std::optional<std::string>& requests, std::string id = random_run_id());

    /// Stores the path of the input.
    void set_requests(const std::string& path);

    const std::string& run_id() const noexcept { return run_id_; }
    /// The settings that the run began with.
    const Settings& settings() const noexcept { return settings_; }
    /// The input as earlier runs saw it.
    const InputFingerprint& input() const noexcept { return input_; }

    /// Stores the fingerprint; its blocks before `first_block` are stored already.
    void set_input(const InputFingerprint& input, std::size_t first_block);

    /// This many notes are committed without waiting for more.
    static constexpr std::size_t large_commit = 64;
    /// Fewer are committed after this many turns of the loop without a new one.
    static constexpr int quiet_turns = 4;

    /// This many lines are reserved at a time.
    static constexpr std::uint64_t reserved_lines = 256;

    /// Marks the request of this line as sent, if the line is reserved.
    bool try_record(std::uint64_t line) override;

    /// Notes that the request of this line is about to be sent, reserves the lines from it on, and returns when both
    /// are committed. Notes that come in successive turns of the loop share one commit. When the task is cancelled, the
    /// request counts as not sent.
    Task<void> record(std::uint64_t line) override;

    /// Takes the note back, unless an earlier run made it. This is marked at once, and committed with the next notes or
    /// at the end.
    void retract(std::uint64_t line) override;

    /// Commits at once. Cheap beside the polls of a job, which are seconds apart.
    void record_poll(std::uint64_t line, std::string_view url) override;

    /// Knows only the lines that earlier runs noted as sent.
    std::optional<std::string> poll_of(std::uint64_t line) override;

    /// Lines that earlier runs noted and did not take back, whether or not they have results: if the results are lost,
    /// the notes still show what was sent.
    const LineSet& sent_before() const noexcept { return sent_before_; }

    /// What earlier runs spent, as `set_spent` stored it.
    const policy::Costs& spent_before() const noexcept { return spent_before_; }

    /// Stores how much of some units was spent in all. A failure is ignored, as in `set_status`.
    void set_spent(const policy::Costs& spent) noexcept;

    /// What `set_limits` stored last.
    std::string limits() const;

    /// Stores the content of a `LimitFile`, which can then be removed.
    void set_limits(std::string_view text);

    /// Counts up how often this was called in the life of the run, and returns the number when it is committed.
    std::uint64_t count_opening();

    /// Stores a text for other processes to read. A failure is ignored: it is no reason to end a run.
    void set_status(std::string_view text) noexcept;

    /// Commits the rest. Call it once; without it, notes that were taken back may count as sent.
    void close();

    /// The number of commits of notes.
    std::uint64_t commits() const noexcept { return commits_; }

  private:
    class Note;
    class Committer;

    void load();
    void load_marks(const LineSet& reserved);
    void note_as_sent(const LineSet& reserved);
    void make_marks();
    void reserve_from(std::uint64_t line);
    Task<void> commit_when_all_came();
    void commit();
    void fail_if_broken() const;

    std::string path_;
    bool durable_;
    bool has_shared_maps_ = true;  ///< programs can share memory over the file, as WAL and marks do
    std::unique_ptr<internal::StateFile> file_;
    std::unique_ptr<internal::SentMarks> marks_;  ///< the sends since the last commit; null: each send has a note
    std::string run_id_;
    Settings settings_;
    InputFingerprint input_;
    LineSet sent_before_;
    policy::Costs spent_before_;

    std::vector<std::uint64_t> sent_;        ///< to be committed
    std::vector<std::uint64_t> not_sent_;    ///< to be committed before `sent_`
    std::vector<std::uint64_t> to_reserve_;  ///< the first lines of blocks, to be committed
    LineSet reserved_;                       ///< committed
    std::size_t waiting_ = 0;                ///< notes whose requests wait for the commit
    std::uint64_t batch_ = 1;                ///< number of the next commit
    std::uint64_t commits_ = 0;
    bool has_committer_ = false;  ///< a task commits for all
    Event committer_left_;
    std::exception_ptr broken_;  ///< the error of a failed commit
};

}  // namespace plait::batch
