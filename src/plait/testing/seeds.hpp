#pragma once

#include <cstdint>
#include <cstdlib>

namespace plait::testing {

/// How many seeds a test of random runs takes: `usual`, or that many times the number in the environment variable
/// PLAIT_SEEDS, for a search that takes longer than a test may.
inline std::uint64_t seeds(std::uint64_t usual) {
    const char* factor = std::getenv("PLAIT_SEEDS");
    const std::uint64_t times = factor ? std::strtoull(factor, nullptr, 10) : 1;
    return times > 0 ? usual * times : usual;
}

}  // namespace plait::testing
