#pragma once

#include "plait/cli/flags/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

/// The meaning of the arguments: a command to run, or a text to print.
struct Request {
    Command* command = nullptr;  ///< with its flags set; null: print `text`
    std::string text;
};

/// Parses the program's arguments, without its name. `version` is what `--version` prints. Throws `Error(bad_input)`
/// that suggests what to write instead.
Request parse_command_line(const Commands& commands, std::vector<std::string> arguments, std::string_view version);

}  // namespace plait::cli
