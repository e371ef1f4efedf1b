#include "plait/batch/tally/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plait::batch {

void LatencyHistogram::add(Duration duration) noexcept {
    const auto microseconds = std::max<Duration::rep>(0, duration / std::chrono::microseconds(1));
    ++counts_[index_of(static_cast<std::uint64_t>(microseconds))];
    ++count_;
    longest_ = std::max(longest_, duration);
}

Duration LatencyHistogram::quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        seen += counts_[index];
        if (counts_[index] > 0 && seen >= wanted) {
            return std::min<Duration>(std::chrono::microseconds(largest_of(index)), longest_);
        }
    }
    return {};
}

std::vector<LatencyHistogram::Bin> LatencyHistogram::bins() const {
    constexpr std::size_t counters = parts / 4;
    std::vector<Bin> bins;
    for (std::size_t begin = 0; begin < counts_.size(); begin += counters) {
        std::uint64_t count = 0;
        for (std::size_t index = begin; index < begin + counters; ++index) count += counts_[index];
        if (count == 0) continue;
        const std::uint64_t below = begin == 0 ? 0 : largest_of(begin - 1) + 1;
        bins.push_back(
            {std::chrono::microseconds(below), std::chrono::microseconds(largest_of(begin + counters - 1) + 1), count});
    }
    return bins;
}

std::size_t LatencyHistogram::index_of(std::uint64_t microseconds) noexcept {
    if (microseconds < 2 * parts) return microseconds;
    const auto power = static_cast<std::size_t>(std::bit_width(microseconds)) - 7;  // leaves 7 bits
    return std::min(power * parts + (microseconds >> power), parts * (powers + 2) - 1);
}

/// The inverse of `index_of`: returns the largest value that is counted at `index`.
std::uint64_t LatencyHistogram::largest_of(std::size_t index) noexcept {
    if (index < 2 * parts) return index;
    const std::size_t power = index / parts - 1;
    return ((index - power * parts + 1) << power) - 1;
}

}  // namespace plait::batch
