#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the file is a list of siege: a method behind a URL, or a variable.
bool is_siege(const Input& input);

/// Adds the requests of the file. Files that lines name are in the working directory, as siege takes them.
void read_siege(const Input& input, Conversion& conversion);

}  // namespace plait::convert
