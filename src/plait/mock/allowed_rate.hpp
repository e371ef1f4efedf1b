#pragma once

#include "plait/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::mock {

/// How a limiter counts what it lets in.
enum class Counting : std::uint8_t {
    sliding,  ///< any window of this length; a window ends where the next one begins
    fixed,    ///< windows that begin with the first request after the end of the one before
    clock,    ///< windows that begin at multiples of their length since 1970
    counter,  ///< windows end to end; the one before counts for the share of it that is less than a window ago
    silence,  ///< one window, which ends when nothing has been let in for its length
    bucket,   ///< tokens, at most `burst` of them, of which one comes back each `window / requests`
    leaky,    ///< as `bucket` with one token more; whoever takes one beyond `undelayed` waits (nginx's limit_req)
};

/// At most so many requests in a window, as `counting` understands it.
struct AllowedRate {
    /// Of a text such as `50/s`, `10/200ms`, `fixed:40/8s` or `bucket:5/s,burst=40`. Throws `Error(bad_input)` that
    /// says what is wrong.
    static AllowedRate parse(std::string_view text);

    /// The ways of counting, and what may follow the rate, in one sentence.
    static std::string forms();

    std::uint64_t requests = 0;
    Duration window{};
    Counting counting = Counting::sliding;
    std::uint64_t burst = 0;      ///< of a bucket: all of its tokens; leaky: how many may wait or go at once
    std::uint64_t undelayed = 0;  ///< leaky: how many of those go at once
    Duration step{};              ///< bucket: tokens come back together, each so often; 0: one by one
    bool counts_refused = false;  ///< sliding, counter and silence: refused requests count, too
};

}  // namespace plait::mock
