#include "plait/base/quantile.hpp"

#include <algorithm>
#include <cmath>

namespace plait {

Quantile::Quantile(double share) noexcept
    : share_(share),
      positions_{1, 2, 3, 4, 5},
      desired_{1, 1 + 2 * share, 1 + 4 * share, 3 + 2 * share, 5},
      steps_{0, share / 2, share, (1 + share) / 2, 1} {}

void Quantile::add(double number) noexcept {
    if (count_ < markers) {
        heights_[count_++] = number;
        std::sort(heights_.begin(), heights_.begin() + static_cast<std::ptrdiff_t>(count_));
        return;
    }
    ++count_;
    heights_.front() = std::min(heights_.front(), number);
    heights_.back() = std::max(heights_.back(), number);
    for (std::size_t i = 1; i < markers; ++i) {
        if (i == markers - 1 || number < heights_[i]) positions_[i] += 1;
        desired_[i] += steps_[i];
    }
    for (std::size_t i = 1; i + 1 < markers; ++i) {
        const double distance = desired_[i] - positions_[i];
        const bool can_go_up = distance >= 1 && positions_[i + 1] - positions_[i] > 1;
        const bool can_go_down = distance <= -1 && positions_[i - 1] - positions_[i] < -1;
        if (!can_go_up && !can_go_down) continue;
        const double step = can_go_up ? 1 : -1;
        const double height = parabolic(i, step);
        const bool stays_between = heights_[i - 1] < height && height < heights_[i + 1];
        heights_[i] = stays_between ? height : linear(i, step);
        positions_[i] += step;
    }
}

double Quantile::value() const noexcept {
    if (count_ == 0) return 0;
    if (count_ > markers) return heights_[2];
    const auto rank = static_cast<std::size_t>(std::ceil(share_ * static_cast<double>(count_)));
    return heights_[std::max<std::size_t>(rank, 1) - 1];
}

double Quantile::parabolic(std::size_t i, double step) const noexcept {
    const double below = positions_[i] - positions_[i - 1];
    const double above = positions_[i + 1] - positions_[i];
    return heights_[i] + step / (below + above) *
                             ((below + step) * (heights_[i + 1] - heights_[i]) / above +
                              (above - step) * (heights_[i] - heights_[i - 1]) / below);
}

double Quantile::linear(std::size_t i, double step) const noexcept {
    const std::size_t j = step > 0 ? i + 1 : i - 1;
    return heights_[i] + step * (heights_[j] - heights_[i]) / (positions_[j] - positions_[i]);
}

}  // namespace plait
