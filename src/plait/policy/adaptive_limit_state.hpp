#pragma once

#include "plait/base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace plait::policy {

/// How a limit of calls in flight finds itself.
struct AdaptiveLimitOptions {
    double first = 100;
    double least = 1;
    double most = 1000;
    double overload_factor = 0.5;  ///< the deepest cut after refusals or signs of overload
    double least_by_refusals = 8;
    double queue = 0.4;  ///< the calls that may wait at the server, as a share of those it works on
    Duration harmless_wait = std::chrono::microseconds(300);  ///< so long they may wait in any case
    double forgiven = 0.02;  ///< isolated refusals and failures up to this share of the answers are no sign
    /// After a limit was found, the latency without a queue is measured anew after the first of these pauses, then
    /// after twice as long, up to the longest.
    Duration first_pause = std::chrono::seconds(5);
    Duration longest_pause = std::chrono::minutes(5);
    /// After a cut by overload, more than what was accepted is tried after this pause; after each such cut, twice as
    /// long, up to the longest pause.
    Duration first_probe_pause = std::chrono::seconds(1);
};

/// How a call ended, as far as the server's load goes.
enum class Load {
    fine,        ///< an answer; its latency counts
    refused,     ///< asked too often: a pace deals with that
    overloaded,  ///< a time-out, a failed connection, an answer that says so
    unknown      ///< cancelled, not sent, not the server's doing: it counts for nothing
};

/// What a part of some latencies is at most, in nanoseconds.
struct LatencySpread {
    double lower = 0;   ///< a fifth
    double middle = 0;  ///< two fifths
    double upper = 0;   ///< three fifths
};

/// A sample of the latencies of calls that began together. Those without an answer yet are the slowest.
class LatencySample {
  public:
    static constexpr std::size_t most = 64;

    /// Begins anew: `calls` latencies may follow.
    void begin(std::size_t calls) noexcept {
        stride_ = (calls + most - 1) / most;
        expected_ = calls / stride_;
        seen_ = taken_ = 0;
    }
    void add(double latency) noexcept {
        if (seen_++ % stride_ == 0 && taken_ < most) latencies_[taken_++] = static_cast<float>(latency);
    }
    std::size_t seen() const noexcept { return seen_; }
    /// When there are at least three fifths. Sorts them.
    LatencySpread spread() noexcept;

  private:
    std::array<float, most> latencies_;
    std::size_t taken_ = 0;
    std::size_t expected_ = 0;
    std::size_t seen_ = 0;
    std::size_t stride_ = 1;
};

/// The last change of a limit, and why.
class LimitChange {
  public:
    enum class Why {
        clean,     ///< all answers were fine, and the limit was reached
        latency,   ///< calls waited at the server
        measured,  ///< calls do not wait: latency is what it was found to be with fewer in flight
        overload,  ///< refusals, failed connections, time-outs
        accepted   ///< after overload: so many were accepted
    };

    LimitChange(Why why_, std::size_t from_, std::size_t to_) noexcept : why(why_), from(from_), to(to_) {}

    Why why;
    std::size_t from;
    std::size_t to;
    std::size_t answers = 0;   ///< that it follows from
    Duration usual_latency{};  ///< without a queue
    Duration latency{};        ///< at the change
    std::string sign;          ///< of overload: such as `status 503`
};

/// For people: `latency rose from 20 ms to 61 ms`.
std::string in_words(const LimitChange& change);

/// The decisions of an adaptive limit: how many calls may be in flight, from how the last ones went. Knows no clock.
///
/// Time is divided into rounds of about a round trip: half as many calls as are allowed, which begin within the round.
/// While all goes well and the limit is reached, each round doubles it. Two things end that climb:
///
/// - **A queue.** It delays all calls, chance only some. When all are delayed by at least w, the server works on the
///   share (latency - w) / latency of what is in flight, by Little's law. The limit becomes that and `queue` as many
///   again: the server never lacks work, and no call waits long. What the latency is without a queue is measured by
///   draining it: a look is a round with fewer calls. If the latency fell with their number, a deeper one follows; if
///   it did not fall, there was no queue, and all is as it was before.
/// - **Overload.** Failures, beyond isolated ones, halve the limit for a round trip. Then it becomes what was accepted
///   meanwhile, if that is more, and rises above that only by small steps, after a pause. Refusals halve it, too, but
///   not below `least_by_refusals`, and for no longer than it takes to grow again: they tell of a rate, and that is
///   what a pace is for.
///
/// A call that began before the last cut is no reason for another: never more than one a round trip.
class AdaptiveLimitState {
  public:
    AdaptiveLimitState(const AdaptiveLimitOptions& options, TimePoint now) noexcept;

    std::size_t limit() const noexcept { return static_cast<std::size_t>(limit_); }
    std::size_t in_flight() const noexcept { return in_flight_; }

    /// Nothing while it is what it was at first.
    const std::optional<LimitChange>& last_change() const noexcept { return change_; }

    /// A call that has left.
    struct Call {
        TimePoint begin;
        std::uint32_t round;
        bool is_measured;  ///< it is one of the calls of its round
    };

    Call began(TimePoint now) noexcept;

    /// `sign`: what told that the server is overloaded.
    void ended(const Call& call, Load load, TimePoint now, std::string_view sign = {});

  private:
    /// What a round showed.
    struct Round {
        double in_flight;  // on average
        double latency;    // on average, in nanoseconds
        LatencySpread spread;
    };

    void count_time(TimePoint now) noexcept;
    void begin_round(TimePoint now) noexcept;
    void answered(const Call& call, TimePoint now);
    bool is_whole(TimePoint now) noexcept;
    void end_round(TimePoint now);
    void judge(const Round& round, double wait, TimePoint now);
    double enough_for(double working) const noexcept;
    double grown(double target, TimePoint now) noexcept;
    void begin_look(const Round& round, double level) noexcept;
    void end_look(const Round& round, TimePoint now);
    void overloaded(const Call& call, bool is_refusal, TimePoint now, std::string_view sign);
    void end_storm(TimePoint now);
    bool is_refused_by_number(double accepted, TimePoint now) noexcept;
    void change_to(double limit, LimitChange::Why why, const Round* round = nullptr);

    AdaptiveLimitOptions options_;
    double limit_;
    bool climbs_ = true;
    int clean_rounds_ = 0;  // in a row
    std::size_t in_flight_ = 0;
    std::optional<LimitChange> change_;

    // The round, and the calls that it is of: `begun_` of `size_` have begun.
    std::uint32_t round_ = 0;
    std::size_t size_ = 0;
    std::size_t begun_ = 0;
    TimePoint round_begin_;  // the first of them began
    TimePoint enough_at_;    // the rest of them are not waited for
    LatencySample sample_;   // of those that have ended
    double latencies_ = 0;   // the sum, of those
    double begins_ = 0;      // the sum, since the round began, of the others
    // All calls during the round.
    std::size_t answers_ = 0;
    std::size_t peak_ = 0;       // the most in flight
    bool reached_ = false;       // as many were in flight as may be
    double time_in_flight_ = 0;  // the sum, in nanoseconds
    TimePoint counted_until_;

    // The first round: the least latency of the first answers, and of the last.
    bool is_first_ = true;
    double early_least_ = std::numeric_limits<double>::infinity();
    double late_least_ = std::numeric_limits<double>::infinity();

    // Latency without a queue, and of the last round.
    LatencySpread usual_;
    double usual_latency_ = 0;
    double latency_ = 0;

    // Looks.
    double signs_ = 0;  // of a queue that lasts although the limit falls
    double limit_before_signs_ = 0;
    bool looks_ = false;
    double limit_at_look_ = 0;
    double limit_before_look_ = 0;
    Round before_look_{};
    LatencySpread deepest_look_;
    Duration pause_;
    TimePoint look_at_ = TimePoint::max();

    // A storm: the calls that were in flight at a cut still end.
    bool storm_ = false;
    bool is_of_refusals_ = false;
    std::uint32_t cut_round_ = 0;  // the first after the cut
    TimePoint storm_until_{};
    double before_cut_ = 0;
    double half_ = 0;
    std::size_t stormy_ = 0;    // of those in flight at the cut, that have not ended
    std::size_t accepted_ = 0;  // of those, that have not failed
    // After it.
    double forgiveness_ = 1;  // isolated failures that are no sign
    double ceiling_;          // above it only by probing
    double probe_step_ = 0;
    Duration probe_pause_;
    TimePoint probe_at_{};
    TimePoint refused_at_{};
    double accepted_before_ = 0;  // of the last storm of refusals
    int partly_ = 0;              // storms in a row after which a part was accepted
    double before_partly_ = 0;
    Duration numb_pause_;
    TimePoint numb_until_{};  // failures count for nothing
};

}  // namespace plait::policy
