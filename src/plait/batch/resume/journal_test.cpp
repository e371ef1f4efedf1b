#include "plait/batch/resume/journal.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/resume/started_jobs.hpp"
#include "plait/batch/testing/test_folder.hpp"
#include "plait/testing/async_test.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::content_of;
using plait::batch::internal::TestFolder;

namespace {

Settings some_settings() { return {{"--base-url", "https://api.example"}, {"--body", "auto"}}; }

std::vector<std::uint64_t> lines_of(const LineSet& lines) {
    std::vector<std::uint64_t> found;
    lines.for_each([&](std::uint64_t line) { found.push_back(line); });
    return found;
}

/// Returns the lines that the next run would know as sent.
std::vector<std::uint64_t> sent_before(const std::string& path) { return lines_of(Journal(path, false).sent_before()); }

void execute(const std::string& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(::sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    REQUIRE(::sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    ::sqlite3_close(database);
}

/// Takes the right to write anywhere from root, for a test of files that can't be written.
class AsNobody {
  public:
    AsNobody() {
        if (is_root_) REQUIRE(::seteuid(65534) == 0);
    }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody() {
        if (is_root_ && ::seteuid(0) != 0) std::abort();
    }

  private:
    const bool is_root_ = ::geteuid() == 0;
};

Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    return Error(ErrorCode::cancelled, "no error");
}

using Lines = std::vector<std::uint64_t>;

/// A journal whose run has begun.
std::unique_ptr<Journal> begun(const std::string& path) {
    auto journal = std::make_unique<Journal>(path, false);
    journal->begin(some_settings(), std::nullopt);
    return journal;
}

void copy_file(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

/// Copies what a process that is killed now would leave behind.
std::string killed_now(const TestFolder& folder, const std::string& path) {
    const std::string copy = folder.file("killed.plait");
    for (const std::string suffix : {"", "-wal", "-shm", "-sent"}) std::filesystem::remove(copy + suffix);
    for (const std::string suffix : {"", "-wal", "-sent"}) copy_file(path + suffix, copy + suffix);
    return copy;
}

Lines lines_from(std::uint64_t first, std::uint64_t count) {
    Lines lines;
    for (std::uint64_t line = first; line < first + count; ++line) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("a state file can be read where nothing can be written") {
    const TestFolder folder;
    std::filesystem::create_directory(folder.file("50% off?"));
    const std::string inside = folder.file("50% off?"), path = inside + "/r.jsonl.plait";
    {
        Journal journal(path, false);
        journal.begin(some_settings(), "in.jsonl");
        journal.set_status("{}");
    }
    using std::filesystem::perms;
    std::filesystem::permissions(folder.file(""), perms{0711});
    std::filesystem::permissions(path, perms{0444});
    std::filesystem::permissions(inside, perms{0555});
    {
        const AsNobody nobody;
        CHECK(read_journal(path).requests == "in.jsonl");
        CHECK(read_status(path) == "{}");
    }
    std::filesystem::permissions(inside, perms::owner_all);
}

TEST_CASE("only its owner can read a state file, and it is read back as it was written") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    std::string id;
    {
        Journal journal(path, false);
        CHECK(journal.is_new());
        journal.begin(some_settings(), "/data/requests.jsonl");
        id = journal.run_id();
        CHECK(id.size() == 32);
    }
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const Journal journal(path, false);
    CHECK_FALSE(journal.is_new());
    CHECK(journal.run_id() == id);
    CHECK(journal.settings() == some_settings());
    CHECK(read_journal(path).requests == "/data/requests.jsonl");
}

TEST_CASE("a fingerprint is stored by its new blocks, and read back") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    InputFingerprint input;
    input.lines = 5000;
    input.blocks = {{1, 2, 3}, {0xff, 0x80}};
    {
        Journal journal(path, false);
        journal.set_input(input, 0);
        input.lines = 9000;
        input.is_complete = true;
        input.blocks = {{1, 2, 3}, {4}, {5}};
        journal.set_input(input, 1);
    }
    const Journal journal(path, false);
    CHECK(journal.input().lines == 9000);
    CHECK(journal.input().is_complete);
    CHECK(journal.input().blocks == input.blocks);
}

TEST_CASE("the next run knows what was about to be sent, however this one ends") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    Journal journal(path, false);
    run(journal.record(7));
    run(journal.record(9));
    std::filesystem::copy(path, folder.file("copy"));
    std::filesystem::copy(path + "-wal", folder.file("copy-wal"));
    CHECK(sent_before(folder.file("copy")) == Lines{7, 9});
}

TEST_CASE("requests after a noted one are sent without a commit, and the next run still knows them") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    CHECK_FALSE(journal->try_record(7));
    run(journal->record(7));
    CHECK_FALSE(journal->try_record(6));
    CHECK(journal->try_record(9));
    CHECK(journal->try_record(7 + Journal::reserved_lines - 1));
    CHECK_FALSE(journal->try_record(7 + Journal::reserved_lines));
    CHECK(journal->commits() == 1);
    CHECK(sent_before(killed_now(folder, path)) == Lines{7, 9, 7 + Journal::reserved_lines - 1});
}

TEST_CASE("the next run knows what was taken back, however this one ends") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    run(journal->record(1));
    for (const std::uint64_t line : {2, 3, 4}) CHECK(journal->try_record(line));
    for (const std::uint64_t line : {2, 3}) journal->retract(line);
    CHECK(journal->try_record(3));
    CHECK(sent_before(killed_now(folder, path)) == Lines{1, 3, 4});
}

TEST_CASE("without the marks of a run, each reserved line counts as sent") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    run(journal->record(10));
    CHECK(journal->try_record(11));
    const Lines reserved = lines_from(10, Journal::reserved_lines);
    std::string killed = killed_now(folder, path);
    std::filesystem::remove(killed + "-sent");
    CHECK(sent_before(killed) == reserved);
    killed = killed_now(folder, path);
    std::filesystem::resize_file(killed + "-sent", 100);
    CHECK(sent_before(killed) == reserved);
    const auto other = begun(folder.file("other.plait"));
    killed = killed_now(folder, path);
    copy_file(folder.file("other.plait-sent"), killed + "-sent");
    CHECK(sent_before(killed) == reserved);
}

TEST_CASE("marks that were committed already change nothing") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    run(journal->record(1));
    for (const std::uint64_t line : {2, 3}) CHECK(journal->try_record(line));
    journal->retract(2);
    copy_file(path + "-sent", folder.file("marks"));
    run(journal->record(1000));
    const std::string killed = killed_now(folder, path);
    copy_file(folder.file("marks"), killed + "-sent");
    CHECK(sent_before(killed) == Lines{1, 3, 1000});
}

TEST_CASE("a mark counts even if a power cut has lost the commit before it") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    const std::string killed = killed_now(folder, path);
    run(journal->record(1));
    CHECK(journal->try_record(2));
    copy_file(path + "-sent", killed + "-sent");
    CHECK(sent_before(killed) == Lines{2});
}

TEST_CASE("when the marks are full, a commit makes room") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto journal = begun(path);
    run(journal->record(1));
    std::size_t marks = 0;
    while (journal->try_record(2)) {
        journal->retract(2);
        marks += 2;
    }
    CHECK(marks > 100);
    CHECK(journal->commits() == 1);
    run(journal->record(2));
    CHECK(journal->commits() == 2);
    CHECK(journal->try_record(3));
    CHECK(sent_before(killed_now(folder, path)) == Lines{1, 2, 3});
}

TEST_CASE("a run that ends well leaves neither marks nor reservations") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        const auto journal = begun(path);
        run(journal->record(1));
        CHECK(journal->try_record(2));
        CHECK(std::filesystem::exists(path + "-sent"));
        journal->close();
    }
    CHECK_FALSE(std::filesystem::exists(path + "-sent"));
    CHECK(sent_before(path) == Lines{1, 2});
}

TEST_CASE("only the owner of a run can read its marks") {
    const TestFolder folder;
    const auto journal = begun(folder.file("r.plait"));
    struct stat status {};
    REQUIRE(::stat(folder.file("r.plait-sent").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("marks that can't be created are a storage error") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    std::filesystem::create_directory(path + "-sent");
    const Error error = error_of([&] { begun(path); });
    CHECK(error.code() == ErrorCode::storage);
    CHECK(std::string(error.what()) == "create " + path + "-sent: Is a directory");
}

TEST_CASE("after a kill, the journal knows exactly what was sent and not taken back") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        const TestFolder folder;
        const std::string path = folder.file("r.plait");
        const auto journal = begun(path);
        std::set<std::uint64_t> sent, ever;
        for (int step = 0; step < 2000; ++step) {
            const std::uint64_t line = 1 + random() % 1000;
            if (random() % 3 == 0 && sent.erase(line) > 0) {
                journal->retract(line);
            } else if (sent.insert(line).second) {
                ever.insert(line);
                if (!journal->try_record(line)) run(journal->record(line));
            }
            if (random() % 500 != 0) continue;
            const Lines found = sent_before(killed_now(folder, path));
            CHECK(std::includes(found.begin(), found.end(), sent.begin(), sent.end()));
            CHECK(std::includes(ever.begin(), ever.end(), found.begin(), found.end()));
        }
    }
}

TEST_CASE("an unsent request is taken back with the next commit, or at the end") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        Journal journal(path, false);
        for (const std::uint64_t line : {1, 2, 3}) run(journal.record(line));
        journal.retract(2);
        run(journal.record(4));
        journal.retract(3);
        journal.close();
    }
    CHECK(sent_before(path) == Lines{1, 4});
}

TEST_CASE("a second attempt of an unsent request counts as sent") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        Journal journal(path, false);
        run(journal.record(5));
        journal.retract(5);
        run(journal.record(5));
        journal.close();
    }
    CHECK(sent_before(path) == Lines{5});
}

ASYNC_TEST("sends of the same turn share a commit") {
    const TestFolder folder;
    Journal journal(folder.file("r.plait"), false);
    TaskGroup group;
    for (std::uint64_t line = 1; line <= 100; ++line) group.start(journal.record(line));
    co_await group.join();
    CHECK(journal.commits() == 1);
    co_await journal.record(101);
    CHECK(journal.commits() == 2);
}

ASYNC_TEST("sends of successive turns share a commit") {
    const TestFolder folder;
    Journal journal(folder.file("r.plait"), false);
    TaskGroup group;
    const auto after = [&journal](int turns, std::uint64_t line) -> Task<void> {
        while (turns-- > 0) co_await yield();
        co_await journal.record(line);
    };
    // The first of them, which commits, runs last in its turn.
    group.start(after(20, 21));
    for (int turn = 9; turn >= 0; --turn) group.start(after(turn, static_cast<std::uint64_t>(turn + 1)));
    co_await group.join();
    CHECK(journal.commits() == 2);
}

ASYNC_TEST("many sends do not wait for more") {
    const TestFolder folder;
    Journal journal(folder.file("r.plait"), false);
    TaskGroup group;
    std::uint64_t line = 0;
    bool is_committed = false;
    const auto first = [&]() -> Task<void> {
        co_await journal.record(0);
        is_committed = true;
    };
    group.start(first());
    co_await yield();
    while (!is_committed && line < 1000) {
        ++line;
        group.start(journal.record(line));
        co_await yield();
    }
    CHECK(line <= Journal::large_commit + 2);
    co_await group.join();
}

ASYNC_TEST("a send that is cancelled before its commit does not count, and the others do") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        Journal journal(path, false);
        TaskGroup group, cancelled;
        cancelled.start(journal.record(1));
        group.start(journal.record(2));
        co_await yield();
        cancelled.cancel();
        co_await cancelled.join();
        co_await group.join();
        journal.close();
    }
    CHECK(sent_before(path) == Lines{2});
}

TEST_CASE("remains of a removed state file do not affect the next one") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    Journal journal(path, false);
    run(journal.record(7));
    std::filesystem::copy(path + "-wal", folder.file("next.plait-wal"));
    const Journal next(folder.file("next.plait"), false);
    CHECK(next.is_new());
    CHECK(next.sent_before().size() == 0);
}

TEST_CASE("costs are stored for the next run, unit by unit") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        Journal journal(path, false);
        CHECK(journal.spent_before().begin() == journal.spent_before().end());
        policy::Costs spent("usd", 1.25);
        spent.set("tokens", 900);
        journal.set_spent(spent);
        journal.set_spent(policy::Costs("tokens", 1000));
    }
    const Journal next(path, false);
    CHECK(next.spent_before().get("usd") == 1.25);
    CHECK(next.spent_before().get("tokens") == 1000);
}

TEST_CASE("a run does not take back the notes of an earlier one") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        const auto journal = begun(path);
        for (std::uint64_t line = 1; line <= 3; ++line) run(journal->record(line));
    }
    {
        Journal journal(path, false);
        run(journal.record(2));
        journal.retract(2);
        journal.retract(3);
        run(journal.record(4));
        journal.retract(4);
        journal.close();
    }
    CHECK(sent_before(path) == Lines{1, 2, 3});
}

TEST_CASE("without marks, a line past the end of the input does not count as sent") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        const auto journal = begun(path);
        InputFingerprint input;
        input.lines = 5000;
        input.is_complete = true;
        input.blocks = {{1}, {2}};
        journal->set_input(input, 0);
        run(journal->record(1));
        run(journal->record(4900));
    }
    std::filesystem::remove(path + "-sent");
    Lines expected = lines_from(1, Journal::reserved_lines);
    for (const std::uint64_t line : lines_from(4900, 101)) expected.push_back(line);
    CHECK(sent_before(path) == expected);
    CHECK(sent_before(path) == expected);
}

TEST_CASE("the status can be read during the run, without disturbing it") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    Journal journal(path, false);
    CHECK(read_status(path) == "");
    journal.set_status("{\"done\":1}");
    CHECK(read_status(path) == "{\"done\":1}");
    sqlite3* reader = nullptr;
    REQUIRE(::sqlite3_open(path.c_str(), &reader) == SQLITE_OK);
    REQUIRE(::sqlite3_exec(reader, "BEGIN; SELECT * FROM fact", nullptr, nullptr, nullptr) == SQLITE_OK);
    run(journal.record(1));
    journal.set_status("{\"done\":2}");
    CHECK(read_status(path) == "{\"done\":2}");
    ::sqlite3_close(reader);
}

TEST_CASE("a durable journal stores what the usual one stores") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        Journal journal(path, true);
        run(journal.record(3));
    }
    CHECK(sent_before(path) == Lines{3});
}

TEST_CASE("a durable journal uses no marks, and takes over those of a usual one") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    const auto usual = begun(path);
    run(usual->record(1));
    CHECK(usual->try_record(2));
    const std::string killed = killed_now(folder, path);
    Journal durable(killed, true);
    CHECK(lines_of(durable.sent_before()) == Lines{1, 2});
    CHECK_FALSE(std::filesystem::exists(killed + "-sent"));
    run(durable.record(3));
    CHECK_FALSE(durable.try_record(4));
    CHECK(sent_before(killed) == Lines{1, 2, 3});
}

TEST_CASE("a file of another kind is refused") {
    const TestFolder folder;
    const std::string text = folder.write("text.plait", std::string(2000, 'x'));
    const Error error = error_of([&] { Journal journal(text, false); });
    CHECK(error.code() == ErrorCode::bad_input);
    CHECK(std::string(error.what()) == text + " is not a state file of plait: move it away, or name other results");
    const std::string other = folder.file("other.plait");
    execute(other, "CREATE TABLE t (a); CREATE TABLE u (a)");
    CHECK(error_of([&] { Journal journal(other, false); }).code() == ErrorCode::bad_input);
    CHECK(content_of(text) == std::string(2000, 'x'));
}

TEST_CASE("a state file of a newer plait is refused with both versions") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    { Journal journal(path, false); }
    execute(path, "PRAGMA user_version = 2");
    const Error error = error_of([&] { Journal journal(path, false); });
    CHECK(error.code() == ErrorCode::storage);
    CHECK(std::string(error.what()) ==
          "state file " + path + ": written by a newer plait (format 2, this one knows 1): use that one");
}

TEST_CASE("a state file that can't be created is a storage error") {
    const Error error = error_of([] { Journal journal("/nowhere/r.plait", false); });
    CHECK(error.code() == ErrorCode::storage);
    CHECK(std::string(error.what()) == "create /nowhere/r.plait: No such file or directory");
}

TEST_CASE("a file with malformed notes counts as damaged") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    { Journal journal(path, false); }
    execute(path, "INSERT INTO note (sent, lines) VALUES (1, '3-x')");
    CHECK(error_of([&] { Journal journal(path, false); }).code() == ErrorCode::storage);
}

TEST_CASE("a file of format 1 is read") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    execute(path, R"(
        PRAGMA page_size = 1024;
        PRAGMA journal_mode = WAL;
        CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE setting (number INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL);
        CREATE TABLE input_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
        CREATE TABLE note (number INTEGER PRIMARY KEY, sent INTEGER NOT NULL, lines TEXT NOT NULL);
        INSERT INTO fact VALUES ('run_id', '00112233445566778899aabbccddeeff'), ('input_lines', '2'),
            ('input_complete', '1'), ('process', '12'), ('status', '{}'), ('requests', '/r.jsonl');
        INSERT INTO setting (name, value) VALUES ('--body', 'auto');
        INSERT INTO input_block VALUES (0, '000102030405060708090a0b0c0d0e0f');
        INSERT INTO note (sent, lines) VALUES (1, '1-5 9'), (0, '2 4-5'), (1, '5');
        PRAGMA application_id = 1886151017;
        PRAGMA user_version = 1;
    )");
    const JournalFacts facts = read_journal(path);
    CHECK(facts.run_id == "00112233445566778899aabbccddeeff");
    CHECK(facts.settings == Settings{{"--body", "auto"}});
    CHECK(facts.requests == "/r.jsonl");
    CHECK(facts.status == "{}");
    CHECK(facts.process == 12);
    CHECK(facts.input.blocks[0][15] == 15);
    CHECK(sent_before(path) == Lines{1, 3, 5, 9});
}

ASYNC_TEST("a later run knows where to ask for the jobs of requests that were sent") {
    const TestFolder folder;
    const std::string path = folder.file("r.plait");
    {
        const auto journal = begun(path);
        co_await journal->record(7);
        journal->record_poll(7, "https://a.example/jobs/1?k=v");
        journal->record_poll(8, "https://a.example/jobs/2");
        CHECK_FALSE(journal->poll_of(7));  // this run sent it
        Journal later(killed_now(folder, path), false);
        CHECK(later.poll_of(7) == "https://a.example/jobs/1?k=v");
        CHECK_FALSE(later.poll_of(8));  // it was not sent, as far as is known
        CHECK(started_jobs(path).at(7) == "https://a.example/jobs/1?k=v");
        CHECK(started_jobs(path).size() == 2);
    }
}
