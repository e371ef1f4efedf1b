#pragma once

#include "plait/cli/command.hpp"
#include "plait/cli/command_line.hpp"

#include <string>

namespace plait::cli {

/// What `plait --help` prints.
std::string help_text(const Commands& commands);

/// What `plait COMMAND --help` prints.
std::string help_text(Command& command);

/// The page docs/cli.md.
std::string reference_markdown(const Commands& commands);

}  // namespace plait::cli
