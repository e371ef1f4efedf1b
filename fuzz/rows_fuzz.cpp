// A file of rows: CSV, TSV or JSON Lines.
#include "plait/base/error.hpp"
#include "plait/batch/rows/row_parser.hpp"

#include "target.hpp"
#include <algorithm>
#include <memory>

using namespace plait::batch;

namespace {

ColumnList columns() {
    ColumnList list;
    list.add(column_named("id"));
    list.add(column_named("/a/b"));
    return list;
}

void check(const Row& row, std::size_t count) {
    PLAIT_ASSERT(row.line > 0, "a row has a line");
    PLAIT_ASSERT(row.cells.size() == (row.problem.empty() ? count : 0), "a row has all columns or a problem");
}

}  // namespace

void feed(std::string_view bytes) {
    const ColumnList list = columns();
    std::unique_ptr<RowParser> parser;
    std::uint64_t number = 0;
    try {
        while (!bytes.empty()) {
            const std::size_t end = std::min(bytes.find('\n'), bytes.size());
            std::string_view line = bytes.substr(0, end);
            bytes.remove_prefix(std::min(end + 1, bytes.size()));
            const bool crlf = line.ends_with('\r');
            if (crlf) line.remove_suffix(1);
            if (!parser) parser = make_row_parser(RowOptions(), line, list);
            if (const auto row = parser->take({line, ++number, false, crlf})) check(*row, list.size());
        }
        if (parser) {
            if (const auto row = parser->finish()) check(*row, list.size());
        }
    } catch (const plait::Error&) {
        // A header without the columns.
    }
}
