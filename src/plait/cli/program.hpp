#pragma once

namespace plait::cli {

/// Runs the command `plait` with the arguments of `main`, and ends the process with its exit code.
[[noreturn]] void run_program(int argc, char** argv);

}  // namespace plait::cli
