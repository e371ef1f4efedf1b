// The command in the module of a wheel: what the program beside it calls (launcher.cpp).

#include "plait/cli/program.hpp"

extern "C" [[noreturn]] __attribute__((visibility("default"))) void plait_command(int argc, char** argv) {
    plait::cli::run_program(argc, argv);
}
