#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/told_time.hpp"
#include "plait/policy/costs.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// What a header field such as `X-RateLimit-Remaining-Tokens-Minute` is about, by its name.
struct LimitField {
    enum class Part {
        limit,         ///< how much is allowed in a window, or at once
        remaining,     ///< how much is left
        reset,         ///< when there is more
        reset_after,   ///< the same, surely from now on
        window,        ///< how long the window is
        wait,          ///< how long to wait
        refill,        ///< how much more there is each second
        refill_once,   ///< how much more there is at the end of each window
        request_cost,  ///< how much of it a request uses up
    };

    Part part{};
    std::string family;              ///< what comes first: `x-ratelimit`
    std::string unit;                ///< what is counted: `requests`, `tokens`
    std::string name;                ///< other words of the name: of several limits of this unit; often empty
    std::optional<Duration> window;  ///< that the name tells: `minute`
    ToldTime::Unit time_unit = ToldTime::Unit::any;  ///< of the value, when the name tells it

    /// Whether both are about the same limit.
    bool is_beside(const LimitField& other) const noexcept {
        return family == other.family && unit == other.unit && name == other.name && window == other.window;
    }
};

/// Takes the name of a field apart; nothing when it is about no rate limit. A word is a unit when `costs` names it or
/// many servers do, and else the name of a limit on requests.
std::optional<LimitField> parse_limit_field(std::string_view header, const policy::Costs& costs);

/// A field that asks for a wait: `Retry-After`, `retry-after-ms`, `X-Retry-In`, `X-RateLimit-Retry-After`.
struct WaitField {
    ToldTime::Unit time_unit = ToldTime::Unit::any;
};

/// The same for these; nothing when it asks for no wait.
std::optional<WaitField> parse_wait_field(std::string_view header);

}  // namespace plait::http::internal
