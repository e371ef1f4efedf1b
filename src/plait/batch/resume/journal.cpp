#include "plait/batch/resume/journal.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/resume/internal/line_ranges.hpp"
#include "plait/batch/resume/internal/sent_marks.hpp"
#include "plait/batch/resume/internal/state_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace plait::batch {

using internal::NoteKind;
using internal::SentMarks;
using internal::StateFile;
using internal::Transaction;

namespace {

std::string marks_path(const std::string& path) { return path + "-sent"; }

/// The name of the fact that says where to ask for the job of a line.
std::string poll_fact(std::uint64_t line) { return fmt::format("poll {}", line); }

}  // namespace

Journal::Journal(const std::string& path, bool durable) : path_(path), durable_(durable) {
    has_shared_maps_ = StateFile::make(path);
    file_ = std::make_unique<StateFile>(path, durable, has_shared_maps_);
    load();
    if (!is_new()) make_marks();
}

Journal::~Journal() = default;

void Journal::load() {
    internal::Database& database = file_->database;
    run_id_ = internal::fact(database, "run_id").value_or("");
    settings_ = internal::read_settings(database);
    input_ = internal::read_input(database);
    spent_before_ = internal::read_spent(database);
    internal::set_fact(database, "process", fmt::to_string(::getpid()));
    LineSet reserved;
    internal::Statement notes(database, "SELECT sent, lines FROM note ORDER BY number");
    while (notes.step()) {
        const NoteKind kind{notes.number(0)};
        const bool is_read = internal::read_ranges(notes.text(1), [&](std::uint64_t line) {
            if (kind == NoteKind::not_sent) {
                sent_before_.remove(line);
            } else {
                (kind == NoteKind::reserved ? reserved : sent_before_).add(line);
            }
        });
        if (!is_read) database.check(SQLITE_CORRUPT);
    }
    if (!is_new()) load_marks(reserved);
}

/// Loads the marks of a run that did not close its journal. Without them, each reserved line may have been sent.
void Journal::load_marks(const LineSet& reserved) {
    const auto marks = SentMarks::read(marks_path(path_), run_id_);
    if (!marks && reserved.size() == 0) return;
    Transaction transaction(file_->database);
    if (marks) {
        for (const SentMarks::Mark& mark : *marks) {
            std::vector<std::uint64_t> line{mark.line};
            file_->note(mark.is_sent ? NoteKind::sent : NoteKind::not_sent, line);
            if (mark.is_sent) {
                sent_before_.add(mark.line);
            } else {
                sent_before_.remove(mark.line);
            }
        }
    } else {
        note_as_sent(reserved);
    }
    file_->forget_reserved();
    transaction.commit();
}

/// Writes one row per 4,096 lines. Reserved numbers past the end of the input are ignored.
void Journal::note_as_sent(const LineSet& reserved) {
    constexpr std::size_t lines_of_a_note = 4096;
    const std::uint64_t last = input_.is_complete ? input_.lines : LineSet::largest_line;
    std::vector<std::uint64_t> lines;
    reserved.for_each([&](std::uint64_t line) {
        if (line > last) return;
        sent_before_.add(line);
        lines.push_back(line);
        if (lines.size() == lines_of_a_note) file_->note(NoteKind::sent, lines);
    });
    file_->note(NoteKind::sent, lines);
}

/// Call it after the marks of an earlier run were committed.
void Journal::make_marks() {
    if (!durable_ && has_shared_maps_) {
        marks_ = std::make_unique<SentMarks>(marks_path(path_), run_id_);
    } else if (::unlink(marks_path(path_).c_str()) != 0 && errno != ENOENT) {
        throw Error(ErrorCode::storage, fmt::format("remove {}: {}", marks_path(path_), system_message(errno)));
    }
}

void Journal::begin(const Settings& settings, const std::optional<std::string>& requests, std::string id) {
    Transaction transaction(file_->database);
    internal::set_fact(file_->database, "run_id", id);
    if (requests) internal::set_fact(file_->database, "requests", *requests);
    internal::add_settings(file_->database, settings);
    transaction.commit();
    run_id_ = std::move(id);
    settings_ = settings;
    make_marks();
}

void Journal::set_requests(const std::string& path) {
    fail_if_broken();
    internal::set_fact(file_->database, "requests", path);
}

void Journal::set_input(const InputFingerprint& input, std::size_t first_block) {
    fail_if_broken();
    internal::set_input(file_->database, input, first_block);
}

/// The note of a request that waits for its commit. It is taken back when the request is cancelled.
class Journal::Note {
  public:
    Note(Journal& journal, std::uint64_t line) : journal_(journal), line_(line) {
        journal_.sent_.push_back(line);
        ++journal_.waiting_;
    }
    Note(const Note&) = delete;
    Note& operator=(const Note&) = delete;
    ~Note() {
        if (!kept_) journal_.retract(line_);
    }
    void keep() noexcept { kept_ = true; }

  private:
    Journal& journal_;
    std::uint64_t line_;
    bool kept_ = false;
};

/// The task that commits all waiting notes. When it is cancelled, another one takes over.
class Journal::Committer {
  public:
    explicit Committer(Journal& journal) noexcept : journal_(journal) {
        journal_.has_committer_ = true;
        journal_.committer_left_.reset();
    }
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;
    ~Committer() {
        journal_.has_committer_ = false;
        journal_.committer_left_.set();
    }

  private:
    Journal& journal_;
};

bool Journal::try_record(std::uint64_t line) {
    if (!marks_ || marks_->is_full() || broken_ || !reserved_.contains(line)) return false;
    marks_->add({line, true});
    sent_.push_back(line);
    return true;
}

Task<void> Journal::record(std::uint64_t line) {
    fail_if_broken();
    Note note(*this, line);
    reserve_from(line);
    const std::uint64_t batch = batch_;
    while (batch == batch_) {
        if (has_committer_) {
            co_await committer_left_.wait();
        } else {
            co_await commit_when_all_came();
        }
    }
    fail_if_broken();
    note.keep();
}

/// Reserves the block starting at `line`, unless it is reserved already or about to be.
void Journal::reserve_from(std::uint64_t line) {
    const auto holds = [line](std::uint64_t first) { return line >= first && line - first < reserved_lines; };
    if (!marks_ || reserved_.contains(line) || std::any_of(to_reserve_.begin(), to_reserve_.end(), holds)) return;
    to_reserve_.push_back(line);
}

Task<void> Journal::commit_when_all_came() {
    const Committer committer(*this);
    std::size_t came = waiting_;
    for (int quiet = 0; quiet < quiet_turns && waiting_ < large_commit;) {
        co_await yield();
        quiet = waiting_ > came ? 0 : quiet + 1;
        came = waiting_;
    }
    commit();
}

void Journal::retract(std::uint64_t line) {
    if (sent_before_.contains(line)) return;  // an earlier run sent it
    const auto waiting = std::find(sent_.begin(), sent_.end(), line);
    if (waiting != sent_.end()) sent_.erase(waiting);
    not_sent_.push_back(line);
    if (marks_ && !marks_->is_full()) marks_->add({line, false});
}

void Journal::record_poll(std::uint64_t line, std::string_view url) {
    fail_if_broken();
    internal::set_fact(file_->database, poll_fact(line), url);
}

std::optional<std::string> Journal::poll_of(std::uint64_t line) {
    if (!sent_before_.contains(line)) return std::nullopt;
    return internal::fact(file_->database, poll_fact(line));
}

void Journal::commit() {
    ++batch_;
    waiting_ = 0;
    if (sent_.empty() && not_sent_.empty()) return;
    try {
        file_->begin.step();
        file_->note(NoteKind::not_sent, not_sent_);
        file_->note(NoteKind::sent, sent_);
        for (const std::uint64_t first : to_reserve_) file_->reserve(first, first + reserved_lines - 1);
        file_->commit.step();
        ++commits_;
        if (marks_) marks_->clear();
        for (const std::uint64_t first : to_reserve_) {
            for (std::uint64_t line = first; line < first + reserved_lines; ++line) reserved_.add(line);
        }
        to_reserve_.clear();
    } catch (const Error&) {
        broken_ = std::current_exception();
    }
}

void Journal::fail_if_broken() const {
    if (broken_) std::rethrow_exception(broken_);
}

std::uint64_t Journal::count_opening() {
    fail_if_broken();
    const std::uint64_t count = internal::number_of_fact(file_->database, "cluster_epoch") + 1;
    internal::set_fact(file_->database, "cluster_epoch", fmt::to_string(count));
    return count;
}

void Journal::set_status(std::string_view text) noexcept {
    try {
        if (!broken_) internal::set_fact(file_->database, "status", text);
    } catch (const std::exception&) {
    }
}

void Journal::set_spent(const policy::Costs& spent) noexcept {
    try {
        if (!broken_) internal::set_spent(file_->database, spent);
    } catch (const std::exception&) {
    }
}

std::string Journal::limits() const { return internal::fact(file_->database, "limits").value_or(""); }

void Journal::set_limits(std::string_view text) {
    fail_if_broken();
    internal::set_fact(file_->database, "limits", text);
}

void Journal::close() {
    if (!broken_) commit();
    fail_if_broken();
    if (!marks_) return;
    file_->forget_reserved();
    marks_.reset();
    ::unlink(marks_path(path_).c_str());
}

}  // namespace plait::batch
