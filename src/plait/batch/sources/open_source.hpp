#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/batch/rows/row_reader.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace plait::batch {

/// Opens the source that `inputs` name: URLs, or one file of requests, or `-` for standard input. Throws
/// `Error(bad_input)`, which says what to write instead.
std::unique_ptr<ResumableSource> open_source(std::vector<std::string> inputs, RequestDefaults defaults);

/// Opens the rows of a file, or of standard input (`-`), for templates that name `columns`, which outlive the reader.
/// `options` gets the table that `input` names. Throws as `open_source` does.
std::unique_ptr<RowReader> open_row_input(const std::string& input, RowOptions& options, const ColumnList& columns);

}  // namespace plait::batch
