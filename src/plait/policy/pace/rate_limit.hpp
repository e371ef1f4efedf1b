#pragma once

#include "plait/base/clock.hpp"

#include <string>
#include <string_view>

namespace plait::policy {

/// An amount of a unit in any window of a length, such as 500 requests a minute.
class RateLimit {
  public:
    RateLimit(std::string_view unit_, double amount_, Duration window_)
        : unit(unit_), amount(amount_), window(window_) {}

    std::string unit;
    double amount;
    Duration window;

    friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// Reads a limit such as `requests=500/m`, `tokens=90k/m` or `requests=5/10s`: a unit, an amount (`k` thousands, `M`
/// millions), and a time (`s`, `m`, `h`, `d`, optionally with a whole number before it; at most 31 days). Throws
/// `Error(bad_input)` that says what is wrong with `text`.
RateLimit parse_rate_limit(std::string_view text);

/// `limit` as `parse_rate_limit` reads it.
std::string to_string(const RateLimit& limit);

}  // namespace plait::policy
