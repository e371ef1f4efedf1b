#pragma once

#include "plait/cli/flags/command.hpp"

#include <array>
#include <string>
#include <string_view>

namespace plait::cli {

/// A shell, and what makes its completion script of the commands and their flags.
struct Shell {
    std::string_view name;
    std::string (*completion)(const Commands& commands);
};

/// All shells that can complete the program's arguments.
extern const std::array<Shell, 3> shells;

}  // namespace plait::cli
