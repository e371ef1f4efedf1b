#pragma once

#include <random>

namespace plait::policy {

/// Where chance comes from. Whoever makes it seeds it: a test with a number, a program with `std::random_device`.
using Random = std::mt19937_64;

/// A number from 0 up to, but not including, 1. The same seed gives the same numbers everywhere.
inline double draw(Random& random) noexcept { return static_cast<double>(random() >> 11) * 0x1p-53; }

}  // namespace plait::policy
