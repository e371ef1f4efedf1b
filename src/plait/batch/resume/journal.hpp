#pragma once

#include "plait/async/event.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/send_log.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/policy/costs.hpp"

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
}

/// Options that matter to what is sent, or to what results mean: the name, as its user knows it, and the value.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// 32 hexadecimal digits that no other run has.
std::string random_run_id();

/// What a run keeps beside its results, so that the next one can go on: the state file (docs/formats.md).
///
/// A request may leave when a commit has said so: that of a note of it, or that of a reservation of many lines, of
/// which marks then say which have left. Marks outlive a killed process, as commits do, and cost it next to nothing.
///
/// What fails throws `Error(storage)`, which says what to do, or `Error(bad_input)` for a file of another kind. After
/// that the run has to end: what is on the disk is not known, so nothing is tried again. For the tasks of one loop.
class Journal final : public SendLog {
  public:
    /// Opens the state file, or makes it, for its owner alone. With `durable`, what is committed is on the disk, too,
    /// and nothing is left to marks; nor is it where files can't be mapped into memory that is shared.
    Journal(const std::string& path, bool durable);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal() override;

    /// No run has begun in it.
    bool is_new() const noexcept { return run_id_.empty(); }

    /// Begins a run under this id. `requests`: the path of its input, if it has one.
    void begin(const Settings& settings, const std::optional<std::string>& requests, std::string id = random_run_id());

    /// Its input is found at this path from now on.
    void set_requests(const std::string& path);

    const std::string& run_id() const noexcept { return run_id_; }
    /// With which it began.
    const Settings& settings() const noexcept { return settings_; }
    /// As earlier runs kept it.
    const InputFingerprint& input() const noexcept { return input_; }

    /// Keeps the fingerprint, whose blocks before `first_block` are kept already.
    void set_input(const InputFingerprint& input, std::size_t first_block);

    /// So many notes are committed without waiting for more.
    static constexpr std::size_t large_commit = 64;
    /// So many turns of the loop have to bring no more of them before the others are committed.
    static constexpr int quiet_turns = 4;

    /// So many lines are reserved in one go.
    static constexpr std::uint64_t reserved_lines = 256;

    /// Marks that the request of this line leaves, if the line is reserved.
    bool try_record(std::uint64_t line) override;

    /// Notes that the request of this line is about to leave, reserves those behind it, and returns when that is
    /// committed. As long as turns of the loop bring more of them, they share one commit. When it is cancelled the
    /// request counts as not sent.
    Task<void> record(std::uint64_t line) override;

    /// Takes the note back, unless it is of an earlier run. That is marked, and committed with the next notes, or at
    /// the end.
    void retract(std::uint64_t line) override;

    /// The lines that were noted in earlier runs and not taken back, whether they have results or not: should these be
    /// lost, the notes are what is left of them.
    const LineSet& sent_before() const noexcept { return sent_before_; }

    /// What earlier runs have spent, as they kept it by `set_spent`; nothing of other units.
    const policy::Costs& spent_before() const noexcept { return spent_before_; }

    /// Keeps how much of some units was spent in all. When that fails it is lost, in silence, as a status is.
    void set_spent(const policy::Costs& spent) noexcept;

    /// What `set_limits` kept last, of the file that remembers what left under limits (`LimitFile`).
    std::string limits() const;

    /// Keeps what that file said, which can then go.
    void set_limits(std::string_view text);

    /// Keeps a text for other processes to read. When that fails it is lost, in silence: it is no reason to end a run.
    void set_status(std::string_view text) noexcept;

    /// Commits what is left. Once; without it, notes that were taken back may stand as sent.
    void close();

    /// How many commits were made for notes.
    std::uint64_t commits() const noexcept { return commits_; }

  private:
    class File;
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
    std::unique_ptr<File> file_;
    std::unique_ptr<internal::SentMarks> marks_;  ///< of what left since the last commit; null: each has its note
    std::string run_id_;
    Settings settings_;
    InputFingerprint input_;
    LineSet sent_before_;
    policy::Costs spent_before_;

    std::vector<std::uint64_t> sent_;        ///< to be committed
    std::vector<std::uint64_t> not_sent_;    ///< to be committed, before those
    std::vector<std::uint64_t> to_reserve_;  ///< the first of so many lines, to be committed
    LineSet reserved_;                       ///< that is committed
    std::size_t waiting_ = 0;                ///< notes whose request waits for the commit
    std::uint64_t batch_ = 1;                ///< of the notes that are to be committed
    std::uint64_t commits_ = 0;
    bool has_committer_ = false;  ///< a task commits for all
    Event committer_left_;
    std::exception_ptr broken_;  ///< what made a commit fail
};

/// What other commands ask a state file, also while its run goes on.
struct JournalFacts {
    JournalFacts() {}

    std::string run_id;
    Settings settings;
    /// Where the input was, if it can be found again.
    std::optional<std::string> requests;
    InputFingerprint input;
    /// What `set_status` kept last; empty: nothing yet.
    std::string status;
    /// The process that opened it last.
    std::int64_t process = 0;
};

/// Reads a state file, and disturbs nobody who writes it. Throws as `Journal` does.
JournalFacts read_journal(const std::string& path);

/// What `set_status` kept last.
inline std::string read_status(const std::string& path) { return read_journal(path).status; }

}  // namespace plait::batch
