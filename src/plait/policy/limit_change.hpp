#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <string>

namespace plait::policy {

/// A change of the number of calls that may be in flight, and why.
class LimitChange {
  public:
    enum class Why {
        clean,     ///< every answer was fine, and the limit was reached
        latency,   ///< calls queue at the server
        measured,  ///< calls don't queue: with fewer in flight, latency is the same
        overload,  ///< refusals, failed connections, time-outs
        accepted   ///< after overload: to the number that was accepted
    };

    LimitChange(Why why_, std::size_t from_, std::size_t to_) noexcept : why(why_), from(from_), to(to_) {}

    Why why;
    std::size_t from;
    std::size_t to;
    std::size_t answers = 0;   ///< answers that the change follows from
    Duration usual_latency{};  ///< without a queue
    Duration latency{};        ///< at the change
    std::string sign;          ///< the sign of overload, such as `status 503`
};

/// Returns the reason in words for people: `latency rose from 20 ms to 61 ms`.
std::string in_words(const LimitChange& change);

}  // namespace plait::policy
