#include "plait/batch/rows/row_reader.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/rows/sqlite_rows.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::batch {

LineRows::LineRows(LineReader lines, const RowOptions& options, const ColumnList& columns)
    : lines_(std::move(lines)), options_(options), columns_(columns) {}

Task<std::optional<Row>> LineRows::next() {
    for (;;) {
        const std::optional<LineReader::Line> line = co_await lines_.next();
        show_line(line, watch_);
        // That a pipe is empty shows only now.
        if (!line && !parser_ && !lines_.again()) throw_bad_input(fmt::format("{} is empty", lines_.name()));
        // Lines that were appended since all lines were read are left to the next run.
        if (!line || line->number > last_line_) co_return parser_ ? parser_->finish() : std::nullopt;
        if (!parser_) parser_ = parser_of(*line);
        if (!parser_) continue;
        if (std::optional<Row> row = parser_->take(*line)) co_return row;
    }
}

/// The first line that is not blank decides; null for a blank one.
std::unique_ptr<RowParser> LineRows::parser_of(const LineReader::Line& line) const {
    // A pipe can only be read line by line, so a database in it is noticed here.
    if (line.number == 1 && begins_sqlite(line.text))
        throw_bad_input(fmt::format("{} is an SQLite database: give its file", lines_.name()));
    const std::string_view text = line.number == 1 ? json::without_byte_order_mark(line.text) : line.text;
    const bool is_blank = text.find_first_not_of(" \t\r\v\f") == std::string_view::npos;
    return is_blank ? nullptr : make_row_parser(options_, text, columns_);
}

void LineRows::check_columns() {
    std::optional<LineReader> lines = lines_.again();
    if (!lines) return;
    LineRows again(std::move(*lines), options_, columns_);
    run(again.look_for_columns());
    if (!again.parser_) throw_bad_input(fmt::format("{} has no lines but blank ones", lines_.name()));
}

/// Reads the first rows, for a member that no object has is misspelt, or at least useless.
Task<void> LineRows::look_for_columns() {
    constexpr int enough_rows = 100;
    for (int count = 0; count < enough_rows && co_await next(); ++count) {
        if (!parser_->unknown_column()) co_return;
    }
    if (!parser_) co_return;
    if (const auto problem = parser_->unknown_column()) throw_bad_input(fmt::format("{}: {}", lines_.name(), *problem));
}

std::optional<std::uint64_t> LineRows::row_count() {
    if (!row_count_) row_count_ = lines_.count_lines();  // the header counts as a row
    return row_count_;
}

void LineRows::show_to(InputWatch& watch) {
    std::optional<LineReader> lines = lines_.again();
    if (lines) {
        run(show_all(std::move(*lines), watch));
    } else {
        watch_ = &watch;
    }
}

Task<void> LineRows::show_all(LineReader lines, InputWatch& watch) {
    std::unique_ptr<RowParser> parser;
    std::uint64_t total = 0;
    last_line_ = 0;
    while (const auto line = co_await lines.next()) {
        watch.see(line->text);
        last_line_ = line->number;
        if (!parser) parser = parser_of(*line);
        total += parser && parser->take(*line);
    }
    total += parser && parser->finish();
    watch.end();
    row_count_ = total;
}

}  // namespace plait::batch
