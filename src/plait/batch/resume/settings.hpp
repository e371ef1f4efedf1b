#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// Options that affect what is sent, or what results mean: the name, as the user knows it, and the value.
using Settings = std::vector<std::pair<std::string, std::string>>;

}  // namespace plait::batch
