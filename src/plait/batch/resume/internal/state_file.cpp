#include "plait/batch/resume/internal/state_file.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/resume/internal/line_ranges.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>

namespace plait::batch::internal {

namespace {

/// "plai", which distinguishes the file from other SQLite files.
constexpr std::int64_t application_id = 0x706c6169;
constexpr std::int64_t format_version = 1;

// Small pages, because a commit writes at least one, and a lone POST waits for it.
constexpr const char* page_size = "PRAGMA page_size = 1024;";

// WAL needs memory that its readers and writers share. Without it, a database in WAL mode can still be opened, and put
// into another mode, by a process that has it to itself.
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

/// A checkpoint waits for the disk, so one is made only after some ten thousand commits.
constexpr const char* usual_care = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16384;";
constexpr const char* durable_care = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;";

/// The name of the fact that has the amount spent of a unit; the unit follows.
constexpr std::string_view spent_prefix = "spent ";

std::string hex_of(const InputFingerprint::BlockHash& hash) {
    std::string text;
    for (const unsigned char byte : hash) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
}

InputFingerprint::BlockHash hash_of_hex(std::string_view text) {
    InputFingerprint::BlockHash hash{};
    for (std::size_t i = 0; i < hash.size() && text.size() >= 2 * i + 2; ++i) {
        std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, hash[i], 16);
    }
    return hash;
}

std::int64_t pragma(Database& database, std::string_view name) {
    Statement statement(database, fmt::format("PRAGMA {}", name));
    statement.step();
    return statement.number(0);
}

Database open(const std::string& path, bool durable, bool has_shared_maps) {
    Database database(path, Database::Access::write);
    database.execute(page_size);
    if (!has_shared_maps) database.execute(mode_without_shared_maps);
    const bool is_new = !is_laid_out(database);
    if (has_shared_maps) database.execute(usual_mode);
    if (is_new) database.execute(layout);
    database.execute(durable ? durable_care : usual_care);
    return database;
}

}  // namespace

bool StateFile::make(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, system_message(errno)));
    constexpr std::size_t any_size = 4096;
    void* const memory = ::mmap(nullptr, any_size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return false;
    ::munmap(memory, any_size);
    return true;
}

StateFile::StateFile(const std::string& path, bool durable, bool has_shared_maps)
    : database(open(path, durable, has_shared_maps)) {}

void StateFile::note(NoteKind kind, std::vector<std::uint64_t>& lines) {
    if (lines.empty()) return;
    text_.clear();
    append_ranges(text_, lines);
    lines.clear();
    add(kind);
}

void StateFile::reserve(std::uint64_t first, std::uint64_t last) {
    text_.clear();
    append_range(text_, first, last);
    add(NoteKind::reserved);
}

void StateFile::forget_reserved() {
    static_assert(static_cast<int>(NoteKind::reserved) == 2);
    database.execute("DELETE FROM note WHERE sent = 2");
}

void StateFile::add(NoteKind kind) {
    add_note_.bind(1, static_cast<std::int64_t>(kind));
    add_note_.bind(2, text_);
    add_note_.step();
}

bool is_laid_out(Database& database) {
    const std::int64_t version = pragma(database, "user_version");
    const std::int64_t application = pragma(database, "application_id");
    if (version == 0 && application == 0 && pragma(database, "page_count") <= 1) return false;
    if (application != application_id) database.check(SQLITE_NOTADB);
    if (version > format_version) {
        throw Error(ErrorCode::storage,
                    fmt::format("state file {}: written by a newer plait (format {}, this one knows {}): use that one",
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

std::uint64_t number_of_fact(Database& database, std::string_view name) {
    const std::string text = fact(database, name).value_or("0");
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

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
    input.lines = number_of_fact(database, "input_lines");
    input.is_complete = fact(database, "input_complete") == "1";
    Statement statement(database, "SELECT hash FROM input_block ORDER BY number");
    while (statement.step()) input.blocks.push_back(hash_of_hex(statement.text(0)));
    const std::uint64_t blocks = (input.lines + InputFingerprint::block_lines - 1) / InputFingerprint::block_lines;
    if (input.blocks.size() != blocks) database.check(SQLITE_CORRUPT);
    return input;
}

void add_settings(Database& database, const Settings& settings) {
    Statement add(database, "INSERT INTO setting (name, value) VALUES (?, ?)");
    for (const auto& [name, value] : settings) {
        add.bind(1, name);
        add.bind(2, value);
        add.step();
    }
}

void set_spent(Database& database, const policy::Costs& spent) {
    Transaction transaction(database);
    for (const auto& [unit, amount] : spent)
        set_fact(database, fmt::format("{}{}", spent_prefix, unit), fmt::to_string(amount));
    transaction.commit();
}

void set_input(Database& database, const InputFingerprint& input, std::size_t first_block) {
    Transaction transaction(database);
    set_fact(database, "input_lines", fmt::to_string(input.lines));
    set_fact(database, "input_complete", input.is_complete ? "1" : "0");
    Statement add(database, "INSERT OR REPLACE INTO input_block VALUES (?, ?)");
    for (std::size_t block = first_block; block < input.blocks.size(); ++block) {
        const std::string hash = hex_of(input.blocks[block]);
        add.bind(1, static_cast<std::int64_t>(block));
        add.bind(2, hash);
        add.step();
    }
    transaction.commit();
}

}  // namespace plait::batch::internal
