#pragma once

#include "plait/convert/request/tree.hpp"

#include <simdjson.h>

namespace plait::convert::internal {

/// Reads `value` with all that is in it. Throws `simdjson_error` if it is not JSON.
Tree to_tree(simdjson::ondemand::value value, int depth = 0);

}  // namespace plait::convert::internal
