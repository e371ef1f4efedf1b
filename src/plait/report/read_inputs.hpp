#pragma once

#include "plait/report/timeline.hpp"

#include <istream>
#include <string>
#include <vector>

namespace plait::report {

/// The inputs of a report.
class Inputs {
  public:
    Inputs() {}

    std::vector<Timeline> timelines;
    std::string comparison_json;        ///< the content of comparison.json; empty when there is none
    std::vector<std::string> files;     ///< all files that were read
    std::vector<std::string> left_out;  ///< files of a folder that are not traces
};

/// Reads a trace or a results file, whichever it is. Throws `Error(bad_input)` when it is neither.
Timeline read_timeline(std::istream& input, const std::string& name);

/// Reads files, and folders that `plait compare --trace` wrote: their *.json that are traces, in the order of the
/// methods, and comparison.json. Throws `Error(bad_input)` when one can't be read, or when a folder has no trace.
Inputs read_inputs(const std::vector<std::string>& paths);

}  // namespace plait::report
