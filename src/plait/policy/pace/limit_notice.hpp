#pragma once

#include "plait/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::policy {

/// What a server says about one of its limits. Each part may be missing.
class LimitNotice {
  public:
    LimitNotice(std::string_view unit_, std::string_view source_) : unit(unit_), source(source_) {}

    std::string unit;                 ///< what it counts: `requests`, `tokens`
    std::string source;               ///< the limit's name in headers, the same in each answer: `x-ratelimit`
    std::optional<double> limit;      ///< how much is allowed in a window
    std::optional<double> remaining;  ///< how much is left
    std::optional<Duration> reset;    ///< how long until more is allowed
    Duration reset_grain{};           ///< the rounding of `reset`: the true time is later by less than this
    std::optional<Duration> window;   ///< the length of the window
    /// For a token bucket: how much is added each second, up to `limit`.
    std::optional<double> refill_per_s;

    friend bool operator==(const LimitNotice&, const LimitNotice&) = default;
};

}  // namespace plait::policy
