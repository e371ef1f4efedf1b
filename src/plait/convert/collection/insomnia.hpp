#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the text is a collection of Insomnia 5, by its type.
bool is_insomnia(const Input& input);

/// Adds the requests of an Insomnia collection, version 5, in YAML; a request's id is its name behind those of its
/// folders. Variables are those of the base environment; scripts are not run.
void read_insomnia(const Input& input, Conversion& conversion);

}  // namespace plait::convert
