#pragma once

#include <random>

namespace plait {

/// The source of randomness. Its owner seeds it: a test with a number, a program from `std::random_device`.
using Random = std::mt19937_64;

/// Returns a number in [0, 1). The same seed gives the same numbers on every machine.
inline double draw(Random& random) noexcept { return static_cast<double>(random() >> 11) * 0x1p-53; }

}  // namespace plait
