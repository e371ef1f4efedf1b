#pragma once

#include "plait/report/timeline.hpp"

#include <istream>
#include <string>

namespace plait::report {

/// Reads a results file (docs/formats.md) into a timeline of its attempts: the waits of each, one after another. When
/// calls ran is unknown. `name` is the name of the file, for errors.
///
/// Overlapping attempts are put in rows, each in the lowest free one. A last line that was cut is skipped, and `is_cut`
/// is set. If there are more than `most` attempts, every second one is dropped, repeatedly. Throws `Error(bad_input)`
/// with the number of a line that is not a result line.
Timeline read_results(std::istream& input, const std::string& name, std::size_t most = most_spans);

}  // namespace plait::report
