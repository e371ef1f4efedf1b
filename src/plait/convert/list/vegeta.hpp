#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the file looks like targets of vegeta, in its format json or http.
bool is_vegeta(const Input& input);

/// Adds the requests of the file. The body of a target in JSON is decoded. Files that targets name are in the working
/// directory, as vegeta takes them.
void read_vegeta(const Input& input, Conversion& conversion);

}  // namespace plait::convert
