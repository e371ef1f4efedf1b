#pragma once

#include <array>
#include <cstddef>

namespace plait::policy::internal {

/// Quintiles of latencies, in nanoseconds.
struct LatencySpread {
    double lower = 0;   ///< one fifth are at most this
    double middle = 0;  ///< two fifths are at most this
    double upper = 0;   ///< three fifths are at most this
};

/// A sample of the latencies of calls sent together. Calls without an answer count as the slowest.
class LatencySample {
  public:
    static constexpr std::size_t most = 64;

    /// Starts over for up to `calls` latencies.
    void begin(std::size_t calls) noexcept;

    /// Takes a latency in nanoseconds.
    void add(double latency) noexcept {
        if (seen_++ % stride_ == 0 && taken_ < most) latencies_[taken_++] = static_cast<float>(latency);
    }

    std::size_t seen() const noexcept { return seen_; }

    /// Returns the quintiles. Requires at least three fifths of the latencies; sorts them.
    LatencySpread spread() noexcept;

  private:
    std::array<float, most> latencies_;
    std::size_t taken_ = 0;
    std::size_t expected_ = 0;
    std::size_t seen_ = 0;
    std::size_t stride_ = 1;
};

}  // namespace plait::policy::internal
