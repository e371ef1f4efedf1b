#pragma once

#include "plait/batch/table/column.hpp"
#include "plait/batch/table/selection.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Turns result lines into rows of a table. For one thread at a time.
///
/// The columns are always the same, in the same order: `custom_id`, `line`, `outcome`, `method`, `url`, `status_code`,
/// `error_code`, `error_message`, `attempts`, `total_ms`, `body`, `body_base64`, `body_file`, `headers`, `metadata`;
/// then those that are selected. None of the first is ever missing: what a result does not have is 0 or an empty text.
class ResultRows {
  public:
    /// Throws `Error(bad_input)` if two columns have the same name.
    explicit ResultRows(std::vector<Selection> selections);
    ~ResultRows();

    const std::vector<Column>& columns() const noexcept { return columns_; }

    /// Returns the cells of a whole result line, valid until the next call. Throws `Error(bad_input)` if it is not a
    /// result line.
    std::span<const Cell> read(std::string_view line);

  private:
    struct Reader;

    std::vector<Column> columns_;
    std::unique_ptr<Reader> reader_;
};

}  // namespace plait::batch
