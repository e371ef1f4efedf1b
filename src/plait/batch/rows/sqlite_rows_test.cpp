#include "plait/batch/rows/sqlite_rows.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/rows/open_rows.hpp"
#include "plait/batch/testing/test_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

using Strings = std::vector<std::string>;

/// A database in a folder of its own.
class Database {
  public:
    explicit Database(const char* sql) : path(folder.write("test.db", "")) { execute(sql); }

    void execute(const char* sql) const {
        sqlite3* database = nullptr;
        REQUIRE(::sqlite3_open(path.c_str(), &database) == SQLITE_OK);
        REQUIRE(::sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
        ::sqlite3_close(database);
    }

    plait::batch::internal::TestFolder folder;
    std::string path;
};

ColumnList named(const Strings& names) {
    ColumnList columns;
    for (const std::string& name : names) columns.add(column_named(name));
    return columns;
}

Strings rows_of(const std::string& input, const Strings& names, RowOptions options = {}) {
    const ColumnList columns = named(names);
    Strings rows;
    try {
        const std::string path = path_of_rows(input, options);
        const auto reader = open_rows(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path, options, columns);
        reader->check_columns();
        while (const auto row = run(reader->next())) {
            std::string text = row->problem.empty() ? fmt::format("{}", row->line) : std::string(row->problem);
            for (const RowCell& cell : row->cells)
                text += fmt::format(" {}<{}>", "-tnbj"[static_cast<std::size_t>(cell.kind)], cell.text);
            rows.push_back(text);
        }
    } catch (const Error& error) {
        rows.push_back(error.what());
    }
    return rows;
}

}  // namespace

TEST_CASE("values of SQLite keep their types and digits") {
    const Database database(
        "CREATE TABLE t (id, v); INSERT INTO t VALUES (7, 'x\ny'), (0.1, NULL), (1e300, ''), (2.0, '00123'), "
        "(9223372036854775807, x'00'), (0.30000000000000004, 1e999)");
    CHECK(rows_of(database.path, {"v", "id"}) ==
          Strings{"1 t<x\ny> n<7>", "2 -<> n<0.1>", "3 t<> n<1e+300>", "4 t<00123> n<2.0>",
                  "line 5: column v is a BLOB: use a view with hex() or CAST(... AS TEXT)",
                  "line 6: column v is infinite, and JSON has no such number"});
    CHECK(rows_of(database.path, {"id"}).at(5) == "6 n<0.30000000000000004>");
}

TEST_CASE("a table is named if there are several") {
    const Database database(
        "CREATE TABLE a (x); CREATE TABLE \"b'\"\"\" (y); CREATE VIEW v AS SELECT x + 1 AS z FROM a;"
        "INSERT INTO a VALUES (1); INSERT INTO \"b'\"\"\" VALUES ('b')");
    CHECK(rows_of(database.path, {"x"}).at(0).ends_with("name a table with --table (it has a, b'\", v)"));
    CHECK(rows_of(database.path + "#a", {"x"}) == Strings{"1 n<1>"});
    CHECK(rows_of(database.path + "#v", {"z"}) == Strings{"1 n<2>"});
    CHECK(rows_of(database.path + "#c", {"z"}).at(0).ends_with("no table c (it has a, b'\", v)"));
    RowOptions options;
    options.table = "b'\"";
    CHECK(rows_of(database.path, {"y"}, options) == Strings{"1 t<b>"});
    CHECK(rows_of(database.path, {"z"}, options).at(0).starts_with("no column z"));
    CHECK(rows_of(database.path + "#a", {"x"}, options).at(0).find("two tables are named: a and ") !=
          std::string::npos);
}

TEST_CASE("rows come in the order of row ids, page by page, or of the primary key") {
    const Database database(
        "CREATE TABLE t (n INTEGER PRIMARY KEY);"
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2500)"
        "INSERT INTO t SELECT (2500 - i) * 3 - 10 FROM c");
    const Strings rows = rows_of(database.path, {"n"});
    REQUIRE(rows.size() == 2500);
    CHECK(rows.front() == "1 n<-10>");
    CHECK(rows.back() == "2500 n<7487>");
    const Database other(
        "CREATE TABLE t (k TEXT PRIMARY KEY, rowid, _rowid_, oid) WITHOUT ROWID;"
        "INSERT INTO t (k) VALUES ('b'), ('a')");
    CHECK(rows_of(other.path, {"k"}) == Strings{"1 t<a>", "2 t<b>"});
}

TEST_CASE("a table that changes is noticed, and rows that are added meanwhile are left to the next run") {
    const Database database("CREATE TABLE t (x, y); INSERT INTO t VALUES (1, 1), (2, 2)");
    const ColumnList columns = named({"x"});
    InputFingerprint fingerprint;
    const auto save = [&](const InputFingerprint& seen, std::size_t) { fingerprint = seen; };
    SqliteRows rows(database.path, {}, columns);
    InputWatch watch("t", {}, false, save);
    rows.show_to(watch);
    CHECK(rows.row_count() == 2);
    database.execute("INSERT INTO t VALUES (3, 3); UPDATE t SET y = 7");
    CHECK(run(rows.next()));
    CHECK(run(rows.next()));
    CHECK_FALSE(run(rows.next()));
    InputWatch with_more("t", fingerprint, true, save);
    SqliteRows(database.path, {}, columns).show_to(with_more);
    database.execute("UPDATE t SET x = 7 WHERE x = 2");
    InputWatch changed("t", fingerprint, true, save);
    CHECK_THROWS_AS(SqliteRows(database.path, {}, columns).show_to(changed), Error);
}

TEST_CASE("a database whose content comes as lines is refused") {
    const Database database("CREATE TABLE t (x)");
    const ColumnList columns = named({"x"});
    LineRows rows(LineReader(UniqueFd(::open(database.path.c_str(), O_RDONLY | O_CLOEXEC)), "standard input"), {},
                  columns);
    CHECK_THROWS_WITH(run(rows.next()), "standard input is an SQLite database: give its file");
}

TEST_CASE("a file that has only a byte order mark or blank lines has no rows") {
    const plait::batch::internal::TestFolder folder;
    CHECK(rows_of(folder.write("a.csv", "\xef\xbb\xbf"), {"id"}).at(0).ends_with("has no lines but blank ones"));
    CHECK(rows_of(folder.write("b.csv", "\n \n"), {"id"}).at(0).ends_with("has no lines but blank ones"));
    CHECK(rows_of(folder.write("c.jsonl", "\n \n{\"id\": 7}\n"), {"id"}) == Strings{"3 n<7>"});
}

TEST_CASE("a file that is no database is an error that says so") {
    const plait::batch::internal::TestFolder folder;
    const std::string path = folder.write("a.csv", "id\n7\n");
    RowOptions options;
    options.format = RowFormat::sqlite;
    CHECK(rows_of(path, {"id"}, options).at(0).find("is not an SQLite database") != std::string::npos);
    CHECK(rows_of(path + "#t", {"id"}).at(0).find("it has no tables") != std::string::npos);
    const Database database("CREATE TABLE t (x)");
    options.format = RowFormat::csv;
    options.table = "w";
    CHECK(rows_of(database.path + "#pk", {"x"}, options).at(0) == "two tables are named: pk and w");
    options.table.clear();
    CHECK(rows_of(database.path, {"x"}, options).at(0).find("leave out --rows") != std::string::npos);
}
