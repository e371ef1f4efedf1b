#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/limit_headers.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plait::mock::internal {

using CalendarTime = std::chrono::system_clock::time_point;

/// Where a client stands with one limit.
struct LimitState {
    std::uint64_t limit = 0;
    Duration window{};
    std::uint64_t remaining = 0;
    Duration reset{};  ///< refused: until the next request would be let in; else until all of the limit is free again
};

/// What limit headers are to tell, and how.
struct LimitTelling {
    std::span<const LimitState> limits;  ///< at least one
    std::size_t tightest = 0;            ///< the one that is told where there is room for one
    bool refused = false;
    CalendarTime now{};
    std::optional<Lie> lie;
    std::string_view partition;  ///< whose limit it is; empty: everybody's
};

/// Appends the header lines of these dialects.
void append_limit_headers(std::string& out, std::span<const LimitDialect> dialects, const LimitTelling& telling);

/// `time` as in header fields (RFC 9110, section 5.6.7), rounded up to the second.
std::string http_date(CalendarTime time);

/// `duration` such as `6m0s`, `1h0m0s`, `1.5s` or `120ms`, rounded up to the millisecond; of a minute or more, to the
/// second.
std::string duration_text(Duration duration);

}  // namespace plait::mock::internal
