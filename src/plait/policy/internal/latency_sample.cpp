#include "plait/policy/internal/latency_sample.hpp"

#include <algorithm>

namespace plait::policy::internal {

void LatencySample::begin(std::size_t calls) noexcept {
    stride_ = (calls + most - 1) / most;
    expected_ = calls / stride_;
    seen_ = taken_ = 0;
}

LatencySpread LatencySample::spread() noexcept {
    std::sort(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(taken_));
    const auto at = [this](std::size_t fifths) {
        return static_cast<double>(latencies_[std::min(expected_ * fifths / 5, taken_ - 1)]);
    };
    return {at(1), at(2), at(3)};
}

}  // namespace plait::policy::internal
