#pragma once

#include "plait/batch/table/column.hpp"
#include "plait/batch/table/output_file.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Writes a table in one format. Memory does not grow with the number of rows.
class TableWriter {
  public:
    virtual ~TableWriter() = default;

    /// Adds a row, which has a cell for each column.
    virtual void add(std::span<const Cell> row) = 0;

    /// Writes what is left. Call it once, after the last row.
    virtual void finish() = 0;
};

/// Parquet, as every reader takes it: pages of version 1, PLAIN values, no compression, no dictionary, no statistics.
/// A missing cell is null.
std::unique_ptr<TableWriter> parquet_writer(OutputFile& output, const std::vector<Column>& columns);

/// JSON Lines with the same names in each row. A missing cell is 0, false or an empty text, never null: a reader that
/// guesses a column's type from its first rows would be wrong.
std::unique_ptr<TableWriter> json_lines_writer(OutputFile& output, const std::vector<Column>& columns);

/// CSV (RFC 4180) with line feeds. All texts are in quotes; a missing cell is empty, without quotes.
std::unique_ptr<TableWriter> csv_writer(OutputFile& output, const std::vector<Column>& columns);

/// Returns the writer for the end of the file's name: `.parquet`, `.jsonl` or `.csv`; for `-`, JSON Lines. Throws
/// `Error(bad_input)` for any other end.
std::unique_ptr<TableWriter> table_writer(std::string_view path, OutputFile& output,
                                          const std::vector<Column>& columns);

/// Throws `Error(bad_input)` if `table_writer` would.
void check_table_name(std::string_view path);

}  // namespace plait::batch
