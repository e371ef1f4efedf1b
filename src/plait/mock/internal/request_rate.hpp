#pragma once

#include "plait/base/clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace plait::mock::internal {

/// Counts events within any second, in steps of 10 ms.
class RequestRate {
  public:
    void count(TimePoint when) noexcept {
        forget_before(when.time_since_epoch() / step);
        ++counts_[static_cast<std::size_t>(newest_) % steps];
        most_ = std::max(most_, ++in_window_);
    }

    /// The most events within any one second.
    std::uint64_t most_in_a_second() const noexcept { return most_; }

  private:
    static constexpr Duration step = std::chrono::milliseconds(10);
    static constexpr std::size_t steps = 100;

    void forget_before(std::int64_t now) noexcept {
        for (auto left = std::min<std::int64_t>(now - newest_, steps); left > 0; --left) {
            auto& oldest = counts_[static_cast<std::size_t>(now - left + 1) % steps];
            in_window_ -= oldest;
            oldest = 0;
        }
        newest_ = now;
    }

    std::array<std::uint64_t, steps> counts_{};
    std::uint64_t in_window_ = 0;
    std::uint64_t most_ = 0;
    std::int64_t newest_ = 0;
};

}  // namespace plait::mock::internal
