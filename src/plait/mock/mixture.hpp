#pragma once

#include "plait/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::mock {

/// Parses a list such as `500:5%,reset-after:1%` into names and shares of 1. A name without a share has all of it.
/// Throws `Error(bad_input)`, which says what is wrong.
std::vector<std::pair<std::string_view, double>> parse_shares(std::string_view text);

/// Values that each occur in a share of all cases. In the remaining cases none does.
///
/// A `Value` has `named(name)`, which is empty for an unknown name, and `names()`, which lists them for people.
template <class Value>
class Mixture {
  public:
    Mixture() = default;

    /// Parses a list such as `500:5%,reset-after:1%`. Throws `Error(bad_input)`, which says what is wrong.
    explicit Mixture(std::string_view text) {
        for (const auto& [name, share] : parse_shares(text)) {
            const std::optional<Value> value = Value::named(name);
            if (!value) {
                throw Error(ErrorCode::bad_input,
                            "there is no '" + std::string(name) + "'; there are " + Value::names());
            }
            shares_.emplace_back(*value, share);
        }
    }

    bool empty() const noexcept { return shares_.empty(); }

    /// Returns the value for a number drawn evenly from [0, 1).
    std::optional<Value> pick(double drawn) const {
        for (const auto& [value, share] : shares_) {
            if (drawn < share) return value;
            drawn -= share;
        }
        return std::nullopt;
    }

  private:
    std::vector<std::pair<Value, double>> shares_;
};

}  // namespace plait::mock
