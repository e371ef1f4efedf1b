#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/limit_headers/reset_time.hpp"
#include "plait/policy/pace/costs.hpp"

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
        reset_after,   ///< the same, and certainly counted from now
        window,        ///< the length of the window
        wait,          ///< how long to wait
        refill,        ///< how much is added each second
        refill_once,   ///< how much is added at the end of each window
        request_cost,  ///< how much one request uses
    };

    Part part{};
    std::string family;              ///< the first words: `x-ratelimit`
    std::string unit;                ///< what is counted: `requests`, `tokens`
    std::string name;                ///< other words, which tell several limits of one unit apart; often empty
    std::string_view window_word;    ///< `minute`, as the name says it; or empty
    std::optional<Duration> window;  ///< the same as a duration
    ResetTime::Unit time_unit = ResetTime::Unit::any;  ///< of the value, when the name gives it

    /// Whether both are about the same limit.
    bool has_same_limit_as(const LimitField& other) const noexcept {
        return family == other.family && unit == other.unit && name == other.name && window == other.window;
    }

    /// The name of the limit, which is the same for all its fields: `x-ratelimit-tokens-minute`.
    std::string limit_name() const;
};

/// Parses the name of a field. Returns nothing when it is not about a rate limit. A word is a unit when `costs` names
/// it or many servers use it, and otherwise the name of a limit on requests.
std::optional<LimitField> parse_limit_field(std::string_view header, const policy::Costs& costs);

/// A field that asks for a wait: `Retry-After`, `retry-after-ms`, `X-Retry-In`, `X-RateLimit-Retry-After`.
struct WaitField {
    ResetTime::Unit time_unit = ResetTime::Unit::any;
};

/// Parses the name of such a field. Returns nothing when it does not ask for a wait.
std::optional<WaitField> parse_wait_field(std::string_view header);

}  // namespace plait::http::internal
