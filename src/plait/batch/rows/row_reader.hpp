#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/lines/line_reader.hpp"
#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/batch/rows/row_parser.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace plait::batch {

/// Yields the rows of an input, one at a time.
class RowReader {
  public:
    virtual ~RowReader() = default;

    /// Waits for the next row, which is valid until the next call; nothing at the end. Throws `Error(bad_input)` when a
    /// column is missing from the input, and `Error(storage)` when it can't be read.
    virtual Task<std::optional<Row>> next() = 0;

    /// Throws what the first `next` would throw, where the input can be read twice.
    virtual void check_columns() = 0;

    /// Returns the approximate number of rows, if it is known without waiting.
    virtual std::optional<std::uint64_t> row_count() = 0;

    /// As `ResumableSource::show_to`.
    virtual void show_to(InputWatch& watch) = 0;

    /// The name for messages.
    virtual std::string name() const = 0;
};

/// Rows of CSV, TSV or JSON Lines.
class LineRows final : public RowReader {
  public:
    /// `columns` must outlive this.
    LineRows(LineReader lines, const RowOptions& options, const ColumnList& columns);

    Task<std::optional<Row>> next() override;
    void check_columns() override;
    std::optional<std::uint64_t> row_count() override;
    void show_to(InputWatch& watch) override;
    std::string name() const override { return lines_.name(); }

  private:
    std::unique_ptr<RowParser> parser_of(const LineReader::Line& line) const;
    Task<void> look_for_columns();
    Task<void> show_all(LineReader lines, InputWatch& watch);

    LineReader lines_;
    RowOptions options_;
    const ColumnList& columns_;
    std::unique_ptr<RowParser> parser_;  ///< null before the first line
    InputWatch* watch_ = nullptr;        ///< sees each line as it is read; null when it has seen all, or there is none
    std::optional<std::uint64_t> row_count_;
    std::uint64_t last_line_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace plait::batch
