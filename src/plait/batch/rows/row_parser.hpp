#pragma once

#include "plait/batch/lines/line_reader.hpp"
#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row.hpp"
#include "plait/batch/rows/row_options.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plait::batch {

/// Makes rows of lines. It reads nothing itself.
class RowParser {
  public:
    virtual ~RowParser() = default;

    /// Takes the next line. Returns the row that it completes, which is valid until the next call; nothing for a blank
    /// line, the header, or a line that ends inside quotes. Throws `Error(bad_input)` for a header that lacks a column,
    /// and when the lines that follow could not be told apart any more.
    virtual std::optional<Row> take(const LineReader::Line& line) = 0;

    /// Call it after the last line. Returns a row that has no end, as a problem.
    virtual std::optional<Row> finish() = 0;

    /// Returns a message about a column that is needed and that no row had so far; nothing if there is none, or if a
    /// header says which there are.
    virtual std::optional<std::string> unknown_column() const { return std::nullopt; }
};

/// Chooses a parser by the options, or by the first line that is not blank: `{` begins JSON, and `#` either a comment
/// in front of it or the header of CSV, which the next line tells. `columns` must outlive it.
std::unique_ptr<RowParser> make_row_parser(const RowOptions& options, std::string_view first_line,
                                           const ColumnList& columns);

/// Returns a message for a column that the input lacks: `no column "idd", did you mean "id"? The columns are ...`.
/// `known` are those that it has.
std::string no_such_column(std::string_view name, std::span<const std::string> known);

}  // namespace plait::batch
