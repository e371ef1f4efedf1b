#pragma once

#include <array>
#include <cstddef>

namespace plait::policy {

/// Estimates a quantile of numbers that come one after another, in the room of five of them: the P² algorithm (R. Jain,
/// I. Chlamtac: "The P² algorithm for dynamic calculation of quantiles and histograms without storing observations",
/// 1985).
class Quantile {
  public:
    /// `share`, above 0 and below 1, of the numbers are not above the quantile.
    explicit Quantile(double share) noexcept;

    void add(double number) noexcept;

    /// How many numbers there were.
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

}  // namespace plait::policy
