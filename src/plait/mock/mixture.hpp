#pragma once

#include "plait/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::mock {

/// A list such as `500:5%,reset-after:1%`, taken apart: names, and their shares of one. A name alone has all of it.
/// Throws `Error(bad_input)` that says what is wrong.
std::vector<std::pair<std::string_view, double>> parse_shares(std::string_view text);

/// Values of which each comes in a share of all cases; in the rest of them none comes.
///
/// A `Value` has `named(name)`, which is empty for a name that it does not know, and `names()`, a list of them to show.
template <class Value>
class Mixture {
  public:
    Mixture() = default;

    /// Of a list such as `500:5%,reset-after:1%`. Throws `Error(bad_input)` that says what is wrong.
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

    /// The value for a number drawn evenly from 0 to 1, which it does not reach.
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
