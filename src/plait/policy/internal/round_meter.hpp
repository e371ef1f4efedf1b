#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/internal/latency_sample.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::policy::internal {

/// What a round showed.
struct Round {
    double in_flight = 0;      ///< on average
    double latency = 0;        ///< on average, in nanoseconds
    LatencySpread spread;      ///< of the measured calls
    double rate = 0;           ///< answers per nanosecond
    double early_latency = 0;  ///< the least of the first quarter of answers
    double late_latency = 0;   ///< the least of the last quarter of answers
};

/// Measures rounds of about a round trip: the latencies of the first calls that are sent in a round, and how many are
/// in flight meanwhile. Also counts the calls in flight. Knows no clock.
class RoundMeter {
  public:
    explicit RoundMeter(TimePoint now) noexcept : counted_until_(now) {}

    /// Starts a round that measures `size` calls. It is whole when three fifths have ended and the rest had a little
    /// more time, or when all have ended, if `waits_for_all`.
    void begin(std::size_t size, bool waits_for_all, TimePoint now) noexcept;

    /// A call that was sent.
    struct Call {
        TimePoint begin;
        std::uint32_t round;
        bool is_measured;  ///< its latency counts for its round
    };

    Call began(TimePoint now) noexcept;

    /// The call is in flight no more. Its answer, if it is one that counts, follows as `answered`.
    void ended(TimePoint now) noexcept;

    void answered(const Call& call, TimePoint now) noexcept;

    /// The call has no latency that counts: another one takes its place in the round, which otherwise would not become
    /// whole.
    void forget(const Call& call) noexcept;

    /// Whether enough calls of the round have ended.
    bool is_whole(TimePoint now) noexcept;

    /// Returns the results of a whole round.
    Round results(TimePoint now) noexcept;

    std::uint32_t round() const noexcept { return round_; }
    std::size_t in_flight() const noexcept { return in_flight_; }
    std::size_t peak() const noexcept { return peak_; }        ///< the most in flight during the round
    std::size_t answers() const noexcept { return answers_; }  ///< during the round, also to earlier calls

  private:
    void count_time(TimePoint now) noexcept;
    bool is_of_round(const Call& call) const noexcept { return call.is_measured && call.round == round_; }

    std::uint32_t round_ = 0;
    std::size_t size_ = 0;
    std::size_t begun_ = 0;  // of the `size_` calls
    bool waits_for_all_ = false;
    TimePoint round_begin_{};  // when the first of them was sent
    TimePoint enough_at_{};    // when the round stops waiting for the rest
    LatencySample sample_;     // of calls that have ended
    double latencies_ = 0;     // their sum
    double begins_ = 0;        // sum of the send times of the others, since the round began
    // All calls in flight.
    std::size_t in_flight_ = 0;
    std::size_t peak_ = 0;
    std::size_t answers_ = 0;
    double early_latency_ = 0;
    double late_latency_ = 0;
    double time_in_flight_ = 0;  // the integral of calls in flight, in nanoseconds
    TimePoint counted_until_;
};

}  // namespace plait::policy::internal
