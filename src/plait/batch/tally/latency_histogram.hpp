#pragma once

#include "plait/base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace plait::batch {

/// Counts durations in constant memory, with an error of about 1.6 %: like HdrHistogram, it divides each power of two
/// into 64 parts.
class LatencyHistogram {
  public:
    void add(Duration duration) noexcept;

    std::uint64_t count() const noexcept { return count_; }
    Duration longest() const noexcept { return longest_; }

    /// Returns the duration that a `share` (0 to 1) of all did not exceed; 0 if there are none.
    Duration quantile(double share) const noexcept;

    /// A range of durations, and how many fell into it.
    struct Bin {
        Duration from;
        Duration up_to;
        std::uint64_t count;
    };
    /// Returns the ranges that are not empty, the shortest first: four for each power of two, none below 16 us. At most
    /// 132.
    std::vector<Bin> bins() const;

  private:
    // In microseconds. Each value below 128 has its own counter, and a day is less than 2^37.
    static constexpr std::size_t parts = 64;
    static constexpr std::size_t powers = 31;

    static std::size_t index_of(std::uint64_t microseconds) noexcept;
    static std::uint64_t largest_of(std::size_t index) noexcept;

    std::array<std::uint64_t, parts*(powers + 2)> counts_{};
    std::uint64_t count_ = 0;
    Duration longest_{};
};

}  // namespace plait::batch
