#include "plait/cli/program.hpp"

int main(int argc, char** argv) { plait::cli::run_program(argc, argv); }
