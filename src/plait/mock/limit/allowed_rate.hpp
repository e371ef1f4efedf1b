#pragma once

#include "plait/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::mock {

/// How a limiter counts requests.
enum class Counting : std::uint8_t {
    sliding,  ///< any window of this length counts; it excludes its end
    fixed,    ///< a window starts with the first request after the previous one has ended
    clock,    ///< windows start at multiples of their length since 1970
    counter,  ///< windows end to end; the previous one counts in part, by the share of it that is less than a window
              ///< ago
    silence,  ///< a window ends when nothing has been accepted for its length
    bucket,   ///< at most `burst` tokens, of which one comes back every `window / requests`
    leaky,    ///< `bucket` with one token more; requests beyond `undelayed` are delayed (nginx's limit_req)
};

/// A limit on requests in a window, as `counting` defines it.
struct AllowedRate {
    /// Parses `50/s`, `10/200ms`, `fixed:40/8s` or `bucket:5/s,burst=40`. Throws `Error(bad_input)`, which says what is
    /// wrong.
    static AllowedRate parse(std::string_view text);

    /// The ways of counting and their options, in one sentence.
    static std::string forms();

    std::uint64_t requests = 0;
    Duration window{};
    Counting counting = Counting::sliding;
    std::uint64_t burst = 0;      ///< bucket: all of its tokens; leaky: how many may be delayed or go at once
    std::uint64_t undelayed = 0;  ///< leaky: how many of those go at once
    Duration step{};              ///< bucket: the interval at which tokens come back together; 0: one by one
    bool counts_refused = false;  ///< sliding, counter and silence: refused requests count, too
};

}  // namespace plait::mock
