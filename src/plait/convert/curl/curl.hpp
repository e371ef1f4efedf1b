#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether a line runs curl, or sets `url` for `curl -K`.
bool is_curl(const Input& input);

/// Adds the requests of curl commands in a script for bash, such as those of "Copy as cURL", or of a file for `curl
/// -K`. Files that they send are read, from the working directory as curl does.
void read_curl(const Input& input, Conversion& conversion);

}  // namespace plait::convert
