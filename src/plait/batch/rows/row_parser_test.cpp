#include "plait/batch/rows/row_parser.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

using Strings = std::vector<std::string>;

ColumnList named(const Strings& names) {
    ColumnList columns;
    for (const std::string& name : names) columns.add(column_named(name));
    return columns;
}

std::string shown(const Row& row) {
    std::string text = fmt::format("{}", row.line);
    if (!row.problem.empty()) return fmt::format("{}", row.problem);
    for (const RowCell& cell : row.cells) {
        const std::string_view kinds = "-tnbj";
        text += fmt::format(" {}<{}>", kinds[static_cast<std::size_t>(cell.kind)],
                            cell.kind == RowCell::Kind::missing ? "" : cell.text);
    }
    return text;
}

/// Each row as `line kind<text> ...`, where kinds are - (missing), t, n, b and j; or the error.
Strings rows_of(std::string_view text, const Strings& names, RowOptions options = {}) {
    const ColumnList columns = named(names);
    Strings rows;
    std::unique_ptr<RowParser> parser;
    std::uint64_t number = 0;
    try {
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            const bool crlf = line.ends_with('\r');
            if (crlf) line.pop_back();
            if (!parser) parser = make_row_parser(options, line, columns);
            if (const auto row = parser->take({line, ++number, false, crlf})) rows.push_back(shown(*row));
        }
        if (const auto row = parser->finish()) rows.push_back(shown(*row));
    } catch (const Error& error) {
        rows.push_back(error.what());
    }
    return rows;
}

RowOptions format(RowFormat format) {
    RowOptions options;
    options.format = format;
    return options;
}

}  // namespace

TEST_CASE("CSV has a header, and rows have the number of their first line") {
    CHECK(rows_of("id,name\n7,x\n\n8,y", {"name", "id"}) == Strings{"2 t<x> t<7>", "4 t<y> t<8>"});
    CHECK(rows_of("\xef\xbb\xbfid,name\r\n7,\"a\r\nb\n\nc\"\r\n8,y\r\n", {"id", "name"}) ==
          Strings{"2 t<7> t<a\r\nb\n\nc>", "6 t<8> t<y>"});
}

TEST_CASE("the delimiter is the most frequent one of the header, or the one of sep=") {
    CHECK(rows_of("a;b;\"c,d,e\"\n1;2,5;x\n", {"b", "c,d,e"}) == Strings{"2 t<2,5> t<x>"});
    CHECK(rows_of("a\tb\n1\t2\n", {"b"}) == Strings{"2 t<2>"});
    CHECK(rows_of("\xef\xbb\xbfsep=|\r\na|b\r\n1|2\r\n", {"b"}) == Strings{"3 t<2>"});
    CHECK(rows_of("a,b\tc\n1,2\t3\n", {"c"}, format(RowFormat::tsv)) == Strings{"2 t<3>"});
    CHECK(rows_of("id\n7\n", {"id"}) == Strings{"2 t<7>"});
    CHECK(rows_of("\"sep=;\"\na;b\n1;2\n", {"b"}) == Strings{"3 t<2>"});
    CHECK(rows_of("\n\na;b\n1;2\n", {"b"}) == Strings{"4 t<2>"});
    CHECK(rows_of("\nsep=|\na|b\n1|\"2\"\n", {"b"}) == Strings{"4 t<2>"});
}

TEST_CASE("a cell that is empty and not in quotes is missing") {
    CHECK(rows_of("a,b,c\n,\"\",x\n\"y\",,\n", {"a", "b", "c"}) == Strings{"2 -<> t<> t<x>", "3 t<y> -<> -<>"});
    RowOptions options;
    options.empty_is_text = true;
    CHECK(rows_of("a,b\n,\"\"\n", {"a", "b"}, options) == Strings{"2 t<> t<>"});
}

TEST_CASE("blanks and quotes inside cells stay") {
    CHECK(rows_of("a,b\n x , y\n", {"a", "b"}) == Strings{"2 t< x > t< y>"});
    CHECK(rows_of("a,b\n5\" pipe,it's \"q\"\n", {"a", "b"}) == Strings{"2 t<5\" pipe> t<it's \"q\">"});
    CHECK(rows_of("a,b\n\"5\"\" pipe\",\" x \"\n", {"a", "b"}) == Strings{"2 t<5\" pipe> t< x >"});
}

TEST_CASE("a broken row of CSV is a problem, and the next one is read") {
    const auto rows = rows_of("a,b\n\"x\"y,1\n1,2,3\n4\n\xff,1\n1\rx,2\n\"a\"\rb,2\n5,6\n\"open,\n7,8", {"a", "b"});
    REQUIRE(rows.size() == 8);
    CHECK(rows[0].starts_with("line 2: a quote or a carriage return stands inside a cell"));
    CHECK(rows[1] == "line 3: 3 cells, and the header has 2");
    CHECK(rows[2] == "line 4: 1 cell, and the header has 2");
    CHECK(rows[3].starts_with("line 5: not UTF-8"));
    CHECK(rows[4] == "line 6: a carriage return stands inside a cell without quotes");
    CHECK(rows[5].starts_with("line 7: a quote or a carriage return stands inside a cell"));
    CHECK(rows[6] == "8 t<5> t<6>");
    CHECK(rows[7] == "line 9: a quote of this row is never closed");
}

TEST_CASE("a column that the header lacks or has twice is an error") {
    CHECK(rows_of("id,name\n7,x\n", {"nam"}) ==
          Strings{"no column nam, did you mean name? (the columns are id, name)"});
    CHECK(rows_of("id|name\n7|x\n", {"id"}) ==
          Strings{
              "no column id (the columns are id|name): put a line sep=| before the header if | is between the cells"});
    CHECK(rows_of("a,b,a\n1,2,3\n", {"b"}) == Strings{"2 t<2>"});
    CHECK(rows_of("a,b,a\n1,2,3\n", {"a"}) == Strings{"two columns are named a"});
}

TEST_CASE("rows of JSON Lines have the values of members, with their types") {
    const auto text = R"({"a": 1.10, "b": "x\n\"", "c": [1, {"d": [null, "deep"]}], "e": true, "f": null}

{"c": 7, "a": 12345678901234567890123}
)";
    CHECK(rows_of(text, {"a", "b", "c", "e", "f", "/c/1/d/1", "/a"}) ==
          Strings{"1 n<1.10> t<x\n\"> j<[1, {\"d\": [null, \"deep\"]}]> b<true> -<> t<deep> n<1.10>",
                  "3 n<12345678901234567890123> -<> n<7> -<> -<> -<> n<12345678901234567890123>"});
}

TEST_CASE("a first line with # is a comment before JSON, or the header of CSV") {
    CHECK(rows_of("# made by a tool\n\n#\n{\"a\": 1}\n# x\n{\"a\": 2}\n", {"a"}) == Strings{"4 n<1>", "6 n<2>"});
    CHECK(rows_of("#a,b\n{1},2\n#3,4\n", {"#a"}) == Strings{"2 t<{1}>", "3 t<#3>"});
    CHECK(rows_of("#a;b\r\n1;\"2\r\n3\"\r\n", {"b"}) == Strings{"2 t<2\r\n3>"});
    CHECK(rows_of("\xef\xbb\xbf#a,b\n1,2\n", {"#a"}) == Strings{"2 t<1>"});
    CHECK(rows_of("#a,b\n#1,2\n3,4\n", {"#a"}) ==
          Strings{"the first 2 lines begin with #: with --rows csv, they are the header and rows, with --rows jsonl "
                  "comments"});
    CHECK(rows_of("#a,b\n#1,2\n3,4\n", {"#a"}, format(RowFormat::csv)) == Strings{"2 t<#1>", "3 t<3>"});
    CHECK(rows_of("#a,b\n", {"other"}) ==
          Strings{"there are only lines that begin with #: comments, or with --rows csv a header (and rows)"});
}

TEST_CASE("a needed member that no object has so far is an error, which suggests the nearest of the first object") {
    ColumnList columns = named({"naem", "other", "/c/d"});
    const auto parser = make_row_parser({}, "{", columns);
    CHECK_FALSE(parser->unknown_column());
    (void)parser->take({R"({"name": 1, "c": {"d": null}})", 1});
    CHECK_FALSE(parser->unknown_column());
    columns.need(0);
    columns.need(2);
    CHECK(parser->unknown_column() == "no column naem, did you mean name? (the columns are name, c)");
    (void)parser->take({R"({"naem": null})", 2});
    CHECK_FALSE(parser->unknown_column());
    columns.need(1);
    CHECK(parser->unknown_column() == "no column other (the columns are name, c)");
}

TEST_CASE("a pointer of JSON rows may be escaped") {
    CHECK(rows_of(R"({"a/b": {"c~d": 1}})", {"/a~1b/c~0d"}) == Strings{"1 n<1>"});
    CHECK(rows_of("{}", {"/a~2"}) == Strings{"/a~2 is not a JSON Pointer: ~ is written ~0"});
}

TEST_CASE("a line of JSON rows that is no object is a problem") {
    const auto rows = rows_of("{\"a\":1}\n[1]\n{\"a\":1,\"a\":2}\n{\"a\":\n{\"a\":1} x\n{\"b\":[1,}\n", {"a"});
    REQUIRE(rows.size() == 6);
    CHECK(rows[1] == "line 2: not a JSON object such as {\"id\": 7}");
    CHECK(rows[2] == "line 3: \"a\" occurs twice");
    CHECK(rows[3].starts_with("line 4: not JSON: "));
    CHECK(rows[4].starts_with("line 5: "));
    CHECK(rows[5].starts_with("line 6: not JSON: "));
}
