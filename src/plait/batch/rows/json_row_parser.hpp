#pragma once

#include "plait/batch/rows/row_parser.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// Rows of JSON Lines: an object on each line, whose members are the columns. Blank lines and comments are skipped. A
/// member that an object lacks, or that is null, is missing.
class JsonRowParser final : public RowParser {
  public:
    /// `columns` must outlive this. Throws `Error(bad_input)` for one that begins with `/` and is no JSON Pointer.
    explicit JsonRowParser(const ColumnList& columns);
    ~JsonRowParser() override;

    std::optional<Row> take(const LineReader::Line& line) override;
    std::optional<Row> finish() override { return std::nullopt; }
    std::optional<std::string> unknown_column() const override;

  private:
    struct Wanted;
    class Reader;

    Row refuse(std::uint64_t line, std::string_view why);

    const ColumnList& columns_;
    std::vector<Wanted> wanted_;      ///< one for each column
    std::vector<std::string> names_;  ///< the members of the first object
    std::vector<RowCell> cells_;
    std::string problem_;
    std::unique_ptr<Reader> reader_;
};

}  // namespace plait::batch
