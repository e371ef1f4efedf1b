#pragma once

#include <span>
#include <string_view>

namespace plait {

/// Returns the one of `names` that `typed` was probably meant to be; empty when none is near. Insertions, deletions,
/// changes and swaps of neighbours count one each (Damerau 1964), and at most a third of the letters may be wrong.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

}  // namespace plait
