#pragma once

#include <string>

namespace plait::cli {

/// Asks for a password on the terminal, without showing what is typed. `what` says whose it is. Throws
/// `Error(bad_input)` when there is no terminal, or no answer.
std::string ask_for_password(const std::string& what);

}  // namespace plait::cli
