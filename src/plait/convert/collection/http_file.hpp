#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the file is one of httpyac or of the REST Client: it has requests, and `###`, `@name = value`, or bodies.
bool is_http_file(const Input& input);

/// Adds the requests of an `.http` file as httpyac 6 sends them. Scripts are not run.
void read_http_file(const Input& input, Conversion& conversion);

}  // namespace plait::convert
