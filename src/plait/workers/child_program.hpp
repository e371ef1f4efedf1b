#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"

#include <string>
#include <vector>

namespace plait {

/// A program that has ended.
class EndedProgram {
  public:
    EndedProgram() {}

    int wait_status = 0;  ///< as `waitpid` gives it
    std::string said;     ///< the last of it
    bool is_cut = false;  ///< it said more than is kept
};

/// Where the standard error of a program goes.
enum class ErrorOutput {
    kept,           ///< to what it says on standard output
    passed_through  ///< to ours
};

/// Runs another program, found as a shell finds it, to its end: `arguments` are its name and what it is called with. It
/// reads nothing. Throws `Error(bad_input)` when there is no such program, and `Error(timeout)` when it has not ended
/// after `limit`. Then, and when the task is cancelled, it is killed with all that it started.
Task<EndedProgram> run_program(std::vector<std::string> arguments, Duration limit,
                               ErrorOutput error_output = ErrorOutput::kept);

}  // namespace plait
