#pragma once

#include "plait/cli/command.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

using Commands = std::vector<std::unique_ptr<Command>>;

/// What the arguments ask for.
struct Request {
    Command* command = nullptr;  ///< to run, with its flags set; null: `text` is the answer
    std::string text;
};

/// Reads the arguments of the program of this version, without its name. Throws `Error(bad_input)` that says what to
/// write instead.
Request parse_command_line(const Commands& commands, std::vector<std::string> arguments, std::string_view version);

}  // namespace plait::cli
