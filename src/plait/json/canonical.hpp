#pragma once

#include <simdjson.h>

#include <string>

namespace plait::json {

/// Returns `value` as text that is the same for all equal values: without white space, with the names of objects
/// sorted, `1.0` and `1e0` written as `1`, and strings escaped in one way. The value must have been checked to be JSON.
///
/// A number that fits no C++ type keeps its spelling. If a name occurs twice in an object, both fields count.
std::string canonical(simdjson::ondemand::value value);

}  // namespace plait::json
