#pragma once

#include "plait/coding/decoder.hpp"

#include <string_view>
#include <vector>

namespace plait::mock {

/// Parses codings such as `gzip,br`, in the order in which they are applied. Empty if a name is unknown.
std::vector<coding::Coding> codings_named(std::string_view names);

}  // namespace plait::mock
