#pragma once

#include <array>
#include <cstddef>

namespace plait {

/// Estimates a quantile of a stream of numbers in constant memory: the P² algorithm (R. Jain,
/// I. Chlamtac: "The P² algorithm for dynamic calculation of quantiles and histograms without storing observations",
/// 1985).
class Quantile {
  public:
    /// Estimates the quantile that `share` (above 0, below 1) of the numbers do not exceed.
    explicit Quantile(double share) noexcept;

    void add(double number) noexcept;

    /// Numbers added so far.
    std::size_t count() const noexcept { return count_; }

    /// The estimate; exact up to five numbers, 0 without any.
    double value() const noexcept;

  private:
    static constexpr std::size_t markers = 5;

    double parabolic(std::size_t i, double step) const noexcept;
    double linear(std::size_t i, double step) const noexcept;

    double share_;
    std::size_t count_ = 0;
    std::array<double, markers> heights_{};
    std::array<double, markers> positions_{};
    std::array<double, markers> desired_{};
    std::array<double, markers> steps_{};
};

}  // namespace plait
