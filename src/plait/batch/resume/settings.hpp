#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// Options that matter to what is sent, or to what results mean: the name, as its user knows it, and the value.
using Settings = std::vector<std::pair<std::string, std::string>>;

}  // namespace plait::batch
