#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/batch/rows/row_reader.hpp"

#include <memory>
#include <string>

namespace plait::batch {

/// Returns the path of the file that an input names: of `shop.db#orders`, which is no file itself, `shop.db`, and sets
/// the table in `options`.
std::string path_of_rows(const std::string& input, RowOptions& options);

/// Opens the rows of a file or of standard input, whose format is found out by its content, unless the options name it.
/// `name` is for messages. `columns` must outlive the reader. Throws `Error(bad_input)`.
std::unique_ptr<RowReader> open_rows(UniqueFd file, std::string name, const RowOptions& options,
                                     const ColumnList& columns);

}  // namespace plait::batch
