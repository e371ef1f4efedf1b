#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// The unit of which each call is one.
inline constexpr std::string_view requests_unit = "requests";

/// What a call uses up: an amount for each unit, such as 812 `tokens`. Of `requests` it is 1 unless told otherwise.
class Costs {
  public:
    Costs() noexcept {}
    Costs(std::string_view unit, double amount) { set(unit, amount); }

    /// Replaces the amount of this unit, which is not negative.
    void set(std::string_view unit, double amount) {
        for (auto& [known, value] : amounts_) {
            if (known == unit) {
                value = amount;
                return;
            }
        }
        amounts_.emplace_back(unit, amount);
    }

    /// The amount of this unit; nothing when the call does not say.
    std::optional<double> get(std::string_view unit) const noexcept {
        for (const auto& [known, amount] : amounts_) {
            if (known == unit) return amount;
        }
        if (unit == requests_unit) return 1;
        return std::nullopt;
    }

    /// The units that were told, in their order.
    auto begin() const noexcept { return amounts_.begin(); }
    auto end() const noexcept { return amounts_.end(); }

  private:
    std::vector<std::pair<std::string, double>> amounts_;
};

}  // namespace plait::policy
