#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <optional>

namespace plait::http::internal {

/// Finds out whether the calls of an origin go faster over more connections, although those there are have room.
///
/// What a server permits is not what it runs at the same time: Apache httpd permits 100 streams, and runs 6 of a
/// connection at first; the others wait. So when answers take much longer than they did, one more connection is tried
/// with few calls. If these are answered faster than those on the full connections at the same time, the connections
/// were the bottleneck, and another trial may follow; if not, the server was, and more connections would not help.
class H2Spread {
  public:
    /// A trial connection has at most this many calls at a time.
    static constexpr std::size_t few = 4;
    /// Its answers that decide.
    static constexpr int samples = 6;
    /// With fewer calls on a connection, it is not full.
    static constexpr std::size_t least_beside = 6;
    /// Beyond this many connections, only what the server permits opens more.
    static constexpr std::size_t most_connections = 16;

    /// Notes an answer: how long its call waited for the first byte, how many calls there were on its connection when
    /// it was sent, and whether that is the trial connection.
    void answered(Duration wait, std::size_t beside, bool on_trial, TimePoint now) noexcept;

    /// Whether to open a trial connection now, rather than use one of `connections` with `beside` calls.
    bool wants_trial(std::size_t connections, std::size_t beside, TimePoint now) const noexcept;

    void begin_trial() noexcept;
    bool is_on_trial() const noexcept { return trial_.has_value(); }
    /// The trial connection could not be opened, or is gone.
    void trial_failed(TimePoint now) noexcept;

  private:
    struct Trial {
        Trial() noexcept {}

        Duration sum{};
        int count = 0;
    };

    void pause(TimePoint now) noexcept;

    std::optional<Duration> usual_{};  ///< a moving average of the waits on connections that are not on trial
    std::optional<Duration> least_{};
    std::optional<Trial> trial_{};
    TimePoint next_trial_{};
    Duration pause_{};
};

}  // namespace plait::http::internal
