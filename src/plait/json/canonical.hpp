#pragma once

#include <simdjson.h>

#include <string>

namespace plait::json {

/// `value` as a text that is the same for all values that are equal: without white space, the names of an object in
/// order, `1.0` and `1e0` as `1`, and each string escaped in one way. The value has been checked to be JSON.
///
/// Numbers that fit no C++ type are the text they were written as. Of a name that comes twice in an object both count.
std::string canonical(simdjson::ondemand::value value);

}  // namespace plait::json
