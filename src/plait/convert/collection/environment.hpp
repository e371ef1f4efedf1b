#pragma once

#include "plait/convert/request/variables.hpp"

#include <string>
#include <string_view>

namespace plait::convert {

/// Sets the variables of an environment: a file of Postman or Bruno, a JSON object of texts, or lines `NAME=value`.
/// They win over those that a converted file sets. Throws `Error(bad_input)`, also for a file without any.
void add_environment(Variables& variables, const std::string& path);

/// The same for the text of such a file.
void add_environment_text(Variables& variables, std::string_view text);

}  // namespace plait::convert
