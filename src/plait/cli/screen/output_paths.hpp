#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// Whether both paths name the same existing regular file.
bool is_same_file(const std::string& a, const std::string& b);

/// The files that `plait run` reads and writes. An empty path: none, or a standard stream.
class RunPaths {
  public:
    RunPaths(std::vector<std::string> inputs_, std::string output_, std::string trace_, std::string summary_)
        : inputs(std::move(inputs_)),
          output(std::move(output_)),
          trace(std::move(trace_)),
          summary(std::move(summary_)) {}

    std::vector<std::string> inputs;
    std::string output;
    std::string trace;
    std::string summary;
    std::string cookies{};
};

/// Throws `Error(bad_input)` if two of them are the same file, even one that does not exist yet. Call it before any
/// file is opened.
void check_paths(const RunPaths& paths);

}  // namespace plait::cli
