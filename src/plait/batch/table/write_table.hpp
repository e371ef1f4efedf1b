#pragma once

#include "plait/batch/table/selection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace plait::batch {

/// What was written.
struct TableWritten {
    std::uint64_t rows = 0;
    /// Selections for which no row has a value.
    std::vector<Selection> without_values;
    /// Whether the file ends with a piece of a line, which has no row.
    bool ends_with_cut_line = false;
};

/// Writes the results file at `results` as a table to `output`, in the format that its name says (`table_writer`).
/// A run may still be writing the results: what it has written so far is taken.
///
/// Throws `Error(bad_input)` for a wrong name or line, or if the only line is cut off, and `Error(storage)` if a file
/// can't be read or written.
TableWritten write_table(const std::string& results, const std::string& output, std::vector<Selection> selections,
                         bool overwrite);

}  // namespace plait::batch
