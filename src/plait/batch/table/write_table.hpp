#pragma once

#include "plait/batch/table/selection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace plait::batch {

/// Writes the results file at `results` as a table to `output`, in the format that its name says (`table_writer`).
/// Returns the number of rows. A run may still be writing the results: what it has written so far is taken.
///
/// Throws `Error(bad_input)` for a wrong name or line, and `Error(storage)` if a file can't be read or written.
std::uint64_t write_table(const std::string& results, const std::string& output, std::vector<Selection> selections,
                          bool overwrite);

}  // namespace plait::batch
