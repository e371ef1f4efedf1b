#pragma once

#include "plait/report/timeline.hpp"

#include <istream>
#include <string>

namespace plait::report {

/// Reads a results file (docs/formats.md) into the timeline that its attempts tell: what each waited for, one after
/// another, and nothing of what ran. `name` is that of the file, for errors.
///
/// Attempts that overlap stand in rows, each in the lowest that is free. A last line that was cut is passed over, and
/// `is_cut` is set. Of more than `most` attempts every second one is kept, and again. Throws `Error(bad_input)`
/// that names the line when it is no result line.
Timeline read_results(std::istream& input, const std::string& name, std::size_t most = most_spans);

}  // namespace plait::report
