#pragma once

#include "plait/batch/rows/row_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Rows of a table or view of an SQLite database, in the order of its row ids or its primary key. Their numbers count
/// from 1.
///
/// A table with row ids is read in pages, so that other programs can write between them; a table without, and a view,
/// in one transaction. Integers and reals are numbers, NULL is missing, and a row with a BLOB is a problem.
class SqliteRows final : public RowReader {
  public:
    /// Opens the database for reading. `options.table` may be empty if there is only one. `columns` must outlive this.
    /// Throws `Error(bad_input)` for a table or column that is not there, `Error(storage)` if the file can't be read.
    SqliteRows(std::string path, const RowOptions& options, const ColumnList& columns);
    ~SqliteRows() override;

    Task<std::optional<Row>> next() override;
    void check_columns() override {}
    std::optional<std::uint64_t> row_count() override;
    void show_to(InputWatch& watch) override;
    std::string name() const override { return path_; }

  private:
    class Table;

    /// A row that was read ahead.
    struct StoredRow {
        std::vector<RowCell::Kind> kinds;
        std::vector<std::string> texts;
        std::string problem;
    };

    std::optional<Row> take();
    void read_page();
    Row read_row();
    Row refuse(std::string_view why);

    std::string path_;
    RowOptions options_;
    const ColumnList& columns_;
    std::unique_ptr<Table> table_;
    std::optional<std::uint64_t> row_count_;
    std::uint64_t number_ = 0;
    std::uint64_t last_line_ = std::numeric_limits<std::uint64_t>::max();
    std::vector<RowCell> cells_;
    std::vector<std::string> reals_;
    std::string problem_;
    std::vector<StoredRow> page_;
    std::size_t page_size_ = 0;
    std::size_t taken_ = 0;  ///< of the page
};

/// Whether a file, or its first bytes, begin as an SQLite database does.
bool is_sqlite(int file) noexcept;
bool begins_sqlite(std::string_view content) noexcept;

}  // namespace plait::batch
