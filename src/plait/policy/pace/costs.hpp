#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// The unit that counts calls.
inline constexpr std::string_view requests_unit = "requests";

/// What a call uses: an amount per unit, such as 812 `tokens`. It uses 1 of `requests` unless stated otherwise.
class Costs {
  public:
    Costs() noexcept {}
    Costs(std::string_view unit, double amount) { set(unit, amount); }

    /// Sets the amount of this unit, which must not be negative.
    void set(std::string_view unit, double amount) {
        for (auto& [known, value] : amounts_) {
            if (known == unit) {
                value = amount;
                return;
            }
        }
        amounts_.emplace_back(unit, amount);
    }

    /// Returns the amount of this unit; nullopt when it is not stated.
    std::optional<double> get(std::string_view unit) const noexcept {
        for (const auto& [known, amount] : amounts_) {
            if (known == unit) return amount;
        }
        if (unit == requests_unit) return 1;
        return std::nullopt;
    }

    /// The stated units, in order.
    auto begin() const noexcept { return amounts_.begin(); }
    auto end() const noexcept { return amounts_.end(); }

  private:
    std::vector<std::pair<std::string, double>> amounts_;
};

}  // namespace plait::policy
