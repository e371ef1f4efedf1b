#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the text is a collection of Postman, by its schema.
bool is_postman(const Input& input);

/// Adds the requests of a Postman collection 2.0 or 2.1, as newman 6 sends them; a request's id is its name behind
/// those of its folders. Scripts are not run.
void read_postman(const Input& input, Conversion& conversion);

}  // namespace plait::convert
