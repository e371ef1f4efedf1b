#pragma once

#include "plait/base/clock.hpp"

#include <chrono>

// What both halves of LearntPace know of a limit's windows: the half that sends and probes, and the half that learns.
namespace plait::policy::internal {

inline constexpr double gap_growth = 1.4;
// The length of a window is known well enough to within this fraction.
inline constexpr double narrow = 0.03;
// After this many refused probes, the probes themselves may have kept the window closed.
inline constexpr int many_probes = 5;

inline double in_seconds(Duration duration) noexcept { return std::chrono::duration<double>(duration).count(); }

}  // namespace plait::policy::internal
