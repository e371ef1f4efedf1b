#pragma once

#include "plait/batch/rows/row_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

namespace internal {
class QuotedCells;
}

/// Rows of CSV and TSV (RFC 4180): the first row is the header; cells in quotes may contain delimiters, line breaks and
/// doubled quotes.
///
/// A cell that is empty and not in quotes is missing; `""` is an empty text, as databases write it. A quote is part of
/// the text in a row none of whose cells begins with one; in other rows it must be doubled. A row with more or fewer
/// cells than the header is a problem, and so is one that is not UTF-8.
class CsvParser final : public RowParser {
  public:
    /// A larger row is taken for one with a quote that was never closed.
    static constexpr std::size_t largest_row = LineReader::longest_line;

    /// `delimiter`: nothing means that of a first line `sep=X`, or the one of `,`, `;` and TAB that is most frequent in
    /// the header. `columns` must outlive this.
    CsvParser(const ColumnList& columns, std::optional<char> delimiter, bool empty_is_text);
    ~CsvParser() override;

    std::optional<Row> take(const LineReader::Line& line) override;
    std::optional<Row> finish() override;

  private:
    bool take_delimiter(std::string_view text);
    bool add_line(std::string_view text, bool ends_with_crlf);
    void split(std::string_view text);
    bool starts_quoted_cell(std::string_view text) const;
    void read_header();
    Row make_row();

    const ColumnList& columns_;
    std::optional<char> delimiter_;
    bool empty_is_text_;
    bool has_delimiter_ = false;  ///< the first line that is not empty was seen
    bool has_header_ = false;
    std::vector<std::string> names_;
    std::vector<std::size_t> places_;  ///< of each of `columns_` in a row

    std::unique_ptr<internal::QuotedCells> quoted_;
    bool in_quotes_ = false;  ///< the row goes on in the next line
    std::uint64_t first_line_ = 0;
    std::vector<std::optional<std::string_view>> row_;  ///< nothing: missing
    std::string problem_;
    std::vector<RowCell> cells_;
};

}  // namespace plait::batch
