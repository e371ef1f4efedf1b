#pragma once

#include "plait/cli/flags/command.hpp"

#include <string>
#include <string_view>

namespace plait::cli {

/// The manual page plait(1) for this version of the program, in the man macros of troff.
std::string man_page(const Commands& commands, std::string_view version);

}  // namespace plait::cli
