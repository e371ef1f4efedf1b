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

    int wait_status = 0;  ///< as from `waitpid`
    std::string said;     ///< the end of its output
    bool is_cut = false;  ///< its output was longer than what is kept
};

/// The destination of a program's standard error.
enum class ErrorOutput {
    kept,           ///< added to what it prints on standard output
    passed_through  ///< to ours
};

/// Runs another program to its end. `arguments` are its name, which is looked up as a shell does, and its arguments.
/// Its standard input is empty. Throws `Error(bad_input)` when there is no such program, and `Error(timeout)` when it
/// has not ended after `limit`. Then, and when the task is cancelled, it is killed with all that it started.
Task<EndedProgram> run_program(std::vector<std::string> arguments, Duration limit,
                               ErrorOutput error_output = ErrorOutput::kept);

}  // namespace plait
