#pragma once

#include "plait/batch/rows/row_parser.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace plait::batch {

/// Rows whose first line begins with `#`: comments before JSON Lines, or the header of CSV, such as `#id,name`. The
/// first line that is neither blank nor begins with `#` decides.
class UndecidedParser final : public RowParser {
  public:
    /// `columns` must outlive this.
    UndecidedParser(const RowOptions& options, const ColumnList& columns);

    /// Throws `Error(bad_input)` also when several lines begin with `#`, and CSV follows: these might be its rows.
    std::optional<Row> take(const LineReader::Line& line) override;
    /// Throws `Error(bad_input)` if all lines begin with `#`.
    std::optional<Row> finish() override;
    std::optional<std::string> unknown_column() const override;

  private:
    void decide_for(RowFormat format);

    RowOptions options_;
    const ColumnList& columns_;
    std::unique_ptr<RowParser> parser_;  ///< null before it is decided
    std::string first_text_;
    LineReader::Line first_{};
    std::uint64_t commented_ = 0;  ///< lines that begin with `#`
};

}  // namespace plait::batch
