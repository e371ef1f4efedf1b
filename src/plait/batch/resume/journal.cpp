#include "plait/batch/resume/journal.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/resume/internal/database.hpp"
#include "plait/batch/resume/internal/sent_marks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace plait::batch {

namespace {

using internal::Database;
using internal::SentMarks;
using internal::Statement;

/// What a note says of its lines: the column `sent`.
enum class NoteKind : std::int64_t {
    not_sent = 0,  ///< surely
    sent = 1,
    reserved = 2,  ///< marks say which were sent
};

/// "plai": tells the file from other SQLite files.
constexpr std::int64_t application_id = 0x706c6169;
constexpr std::int64_t format_version = 1;

// Small pages, because a commit writes at least one: it is what a lone POST waits for.
constexpr const char* page_size = "PRAGMA page_size = 1024;";

// WAL needs memory that its readers and writers share. Without, a database in WAL mode can still be opened, and brought
// into another, by one that has it for itself.
constexpr const char* usual_mode = "PRAGMA journal_mode = WAL;";
constexpr const char* mode_without_shared_maps =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL;";

constexpr const char* layout = R"(
    BEGIN IMMEDIATE;
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE setting (number INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL);
    CREATE TABLE input_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
    CREATE TABLE note (number INTEGER PRIMARY KEY, sent INTEGER NOT NULL, lines TEXT NOT NULL);
    PRAGMA application_id = 1886151017;
    PRAGMA user_version = 1;
    COMMIT;
)";
static_assert(application_id == 1886151017 && format_version == 1);

/// So that a checkpoint, which waits for the disk, comes after some ten thousand commits.
constexpr const char* usual_care = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16384;";
constexpr const char* durable_care = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;";

template <std::size_t size>
std::string hex_of(const std::array<unsigned char, size>& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
}

InputFingerprint::BlockHash hash_of_hex(std::string_view text) {
    InputFingerprint::BlockHash hash{};
    for (std::size_t i = 0; i < hash.size() && text.size() >= 2 * i + 2; ++i) {
        std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, hash[i], 16);
    }
    return hash;
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// Such as `3 7-20`; sorts the lines.
void append_ranges(std::string& out, std::vector<std::uint64_t>& lines) {
    std::sort(lines.begin(), lines.end());
    for (std::size_t first = 0; first < lines.size();) {
        std::size_t last = first;
        while (last + 1 < lines.size() && lines[last + 1] - lines[last] <= 1) ++last;
        if (first > 0) out += ' ';
        append_number(out, lines[first]);
        if (lines[last] > lines[first]) {
            out += '-';
            append_number(out, lines[last]);
        }
        first = last + 1;
    }
}

/// Calls `visit(line)` for each line of such a text; false when it is none.
template <class Visit>
bool read_ranges(std::string_view text, Visit visit) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto read = [&](std::uint64_t& number) {
        const auto [behind, error] = std::from_chars(at, end, number);
        at = behind;
        return error == std::errc() && number <= LineSet::largest_line;
    };
    while (at != end) {
        std::uint64_t first = 0;
        if (!read(first)) return false;
        std::uint64_t last = first;
        if (at != end && *at == '-' && (++at, !read(last))) return false;
        if (at != end && *at++ != ' ') return false;
        for (std::uint64_t line = first; line <= last; ++line) visit(line);
    }
    return true;
}

std::int64_t pragma(Database& database, std::string_view name) {
    Statement statement(database, fmt::format("PRAGMA {}", name));
    statement.step();
    return statement.number(0);
}

/// Throws unless it is a state file that this version understands. False when it is an empty file still.
bool is_laid_out(Database& database) {
    const std::int64_t version = pragma(database, "user_version");
    const std::int64_t application = pragma(database, "application_id");
    if (version == 0 && application == 0 && pragma(database, "page_count") <= 1) return false;
    if (application != application_id) database.check(SQLITE_NOTADB);
    if (version > format_version) {
        throw Error(
            ErrorCode::storage,
            fmt::format("state file {}: written by a newer plait (format {}, this one knows {}): go on with that",
                        database.path(), version, format_version));
    }
    return true;
}

std::optional<std::string> fact(Database& database, std::string_view name) {
    Statement statement(database, "SELECT value FROM fact WHERE name = ?");
    statement.bind(1, name);
    if (!statement.step()) return std::nullopt;
    return std::string(statement.text(0));
}

void set_fact(Database& database, std::string_view name, std::string_view value) {
    Statement statement(database, "INSERT OR REPLACE INTO fact VALUES (?, ?)");
    statement.bind(1, name);
    statement.bind(2, value);
    statement.step();
}

Settings read_settings(Database& database) {
    Settings settings;
    Statement statement(database, "SELECT name, value FROM setting ORDER BY number");
    while (statement.step()) settings.emplace_back(statement.text(0), statement.text(1));
    return settings;
}

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// Of the facts that say what was spent of a unit, whose name follows.
constexpr std::string_view spent_prefix = "spent ";

policy::Costs read_spent(Database& database) {
    policy::Costs spent;
    Statement statement(database, "SELECT name, value FROM fact WHERE name GLOB 'spent *'");
    while (statement.step()) {
        const std::string_view value = statement.text(1);
        double amount = 0;
        std::from_chars(value.data(), value.data() + value.size(), amount);
        spent.set(statement.text(0).substr(spent_prefix.size()), amount);
    }
    return spent;
}

InputFingerprint read_input(Database& database) {
    InputFingerprint input;
    input.lines = number_in(fact(database, "input_lines").value_or("0"));
    input.is_complete = fact(database, "input_complete") == "1";
    Statement statement(database, "SELECT hash FROM input_block ORDER BY number");
    while (statement.step()) input.blocks.push_back(hash_of_hex(statement.text(0)));
    const std::uint64_t blocks = (input.lines + InputFingerprint::block_lines - 1) / InputFingerprint::block_lines;
    if (input.blocks.size() != blocks) database.check(SQLITE_CORRUPT);
    return input;
}

/// All or nothing: what is not committed when it goes is taken back.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (!done_) ::sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() {
        database_.execute("COMMIT");
        done_ = true;
    }

  private:
    Database& database_;
    bool done_ = false;
};

constexpr const char* forget_reserved = "DELETE FROM note WHERE sent = 2";
static_assert(static_cast<int>(NoteKind::reserved) == 2);

std::string marks_path(const std::string& path) { return path + "-sent"; }

/// Makes the file if there is none. False when programs can't share memory over it, as on some network and FUSE file
/// systems.
bool make_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, system_message(errno)));
    constexpr std::size_t any_size = 4096;
    void* const memory = ::mmap(nullptr, any_size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return false;
    ::munmap(memory, any_size);
    return true;
}

}  // namespace

std::string random_run_id() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Error(ErrorCode::storage, fmt::format("draw a run's id: {}", system_message(errno)));
    }
    return hex_of(bytes);
}

/// The file, and the statements that every request needs.
class Journal::File {
  public:
    File(const std::string& path, bool durable, bool has_shared_maps)
        : database(open(path, durable, has_shared_maps)) {}

    Database database;
    Statement begin{database, "BEGIN IMMEDIATE"};
    Statement commit{database, "COMMIT"};
    Statement add_note{database, "INSERT INTO note (sent, lines) VALUES (?, ?)"};
    std::string lines;

    void note(NoteKind kind, std::vector<std::uint64_t>& notes) {
        if (notes.empty()) return;
        lines.clear();
        append_ranges(lines, notes);
        notes.clear();
        add(kind);
    }

    void reserve(std::uint64_t first, std::uint64_t last) {
        lines.clear();
        append_number(lines, first);
        lines += '-';
        append_number(lines, last);
        add(NoteKind::reserved);
    }

  private:
    void add(NoteKind kind) {
        add_note.bind(1, static_cast<std::int64_t>(kind));
        add_note.bind(2, lines);
        add_note.step();
    }

    static Database open(const std::string& path, bool durable, bool has_shared_maps) {
        Database database(path, Database::Access::write);
        database.execute(page_size);
        if (!has_shared_maps) database.execute(mode_without_shared_maps);
        const bool is_new = !is_laid_out(database);
        if (has_shared_maps) database.execute(usual_mode);
        if (is_new) database.execute(layout);
        database.execute(durable ? durable_care : usual_care);
        return database;
    }
};

Journal::Journal(const std::string& path, bool durable) : path_(path), durable_(durable) {
    has_shared_maps_ = make_file(path);
    file_ = std::make_unique<File>(path, durable, has_shared_maps_);
    load();
    if (!is_new()) make_marks();
}

Journal::~Journal() = default;

void Journal::load() {
    Database& database = file_->database;
    run_id_ = fact(database, "run_id").value_or("");
    settings_ = read_settings(database);
    input_ = read_input(database);
    spent_before_ = read_spent(database);
    set_fact(database, "process", fmt::to_string(::getpid()));
    LineSet reserved;
    Statement notes(database, "SELECT sent, lines FROM note ORDER BY number");
    while (notes.step()) {
        const NoteKind kind{notes.number(0)};
        const bool read = read_ranges(notes.text(1), [&](std::uint64_t line) {
            if (kind == NoteKind::not_sent) {
                sent_before_.remove(line);
            } else {
                (kind == NoteKind::reserved ? reserved : sent_before_).add(line);
            }
        });
        if (!read) database.check(SQLITE_CORRUPT);
    }
    if (!is_new()) load_marks(reserved);
}

/// The marks of a run that did not close its journal. Without them each line that it reserved may have been sent.
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
    file_->database.execute(forget_reserved);
    transaction.commit();
}

/// As many rows as there are thousands of lines. What was reserved beyond the end of the input is no line of it.
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

/// When what an earlier run has marked is committed.
void Journal::make_marks() {
    if (!durable_ && has_shared_maps_) {
        marks_ = std::make_unique<SentMarks>(marks_path(path_), run_id_);
    } else if (::unlink(marks_path(path_).c_str()) != 0 && errno != ENOENT) {
        throw Error(ErrorCode::storage, fmt::format("remove {}: {}", marks_path(path_), system_message(errno)));
    }
}

void Journal::begin(const Settings& settings, const std::optional<std::string>& requests, std::string id) {
    Transaction transaction(file_->database);
    set_fact(file_->database, "run_id", id);
    if (requests) set_fact(file_->database, "requests", *requests);
    Statement add(file_->database, "INSERT INTO setting (name, value) VALUES (?, ?)");
    for (const auto& [name, value] : settings) {
        add.bind(1, name);
        add.bind(2, value);
        add.step();
    }
    transaction.commit();
    run_id_ = std::move(id);
    settings_ = settings;
    make_marks();
}

void Journal::set_requests(const std::string& path) {
    fail_if_broken();
    set_fact(file_->database, "requests", path);
}

void Journal::set_input(const InputFingerprint& input, std::size_t first_block) {
    fail_if_broken();
    Transaction transaction(file_->database);
    set_fact(file_->database, "input_lines", fmt::to_string(input.lines));
    set_fact(file_->database, "input_complete", input.is_complete ? "1" : "0");
    Statement add(file_->database, "INSERT OR REPLACE INTO input_block VALUES (?, ?)");
    for (std::size_t block = first_block; block < input.blocks.size(); ++block) {
        const std::string hash = hex_of(input.blocks[block]);
        add.bind(1, static_cast<std::int64_t>(block));
        add.bind(2, hash);
        add.step();
    }
    transaction.commit();
}

/// The note of one request that waits for its commit. When the request gives up, so does its note.
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

/// The task that commits for all whose notes wait. When it gives up, another one does.
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

/// Unless it is, or will be by the next commit.
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
    if (sent_before_.contains(line)) return;  // by an earlier run it was
    const auto waiting = std::find(sent_.begin(), sent_.end(), line);
    if (waiting != sent_.end()) sent_.erase(waiting);
    not_sent_.push_back(line);
    if (marks_ && !marks_->is_full()) marks_->add({line, false});
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

void Journal::set_status(std::string_view text) noexcept {
    try {
        if (!broken_) set_fact(file_->database, "status", text);
    } catch (const std::exception&) {
    }
}

void Journal::set_spent(const policy::Costs& spent) noexcept {
    try {
        if (broken_) return;
        Transaction transaction(file_->database);
        for (const auto& [unit, amount] : spent)
            set_fact(file_->database, fmt::format("{}{}", spent_prefix, unit), fmt::to_string(amount));
        transaction.commit();
    } catch (const std::exception&) {
    }
}

std::string Journal::limits() const { return fact(file_->database, "limits").value_or(""); }

void Journal::set_limits(std::string_view text) {
    fail_if_broken();
    set_fact(file_->database, "limits", text);
}

void Journal::close() {
    if (!broken_) commit();
    fail_if_broken();
    if (!marks_) return;
    file_->database.execute(forget_reserved);
    marks_.reset();
    ::unlink(marks_path(path_).c_str());
}

JournalFacts read_journal(const std::string& path) {
    JournalFacts facts;
    Database database(path, Database::Access::read);
    if (!is_laid_out(database)) return facts;
    // In one transaction, so that all is of the same moment.
    database.execute("BEGIN");
    facts.run_id = fact(database, "run_id").value_or("");
    facts.settings = read_settings(database);
    facts.requests = fact(database, "requests");
    facts.input = read_input(database);
    facts.status = fact(database, "status").value_or("");
    facts.process = static_cast<std::int64_t>(number_in(fact(database, "process").value_or("0")));
    return facts;
}

}  // namespace plait::batch
