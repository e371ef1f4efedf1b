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
    double overload_factor = 0.5;  ///< the deepest cut after a refusal or a sign of overload
    double queue = 0.4;            ///< the calls that may wait at the server, as a share of those it works on
    double forgiven = 0.02;        ///< isolated refusals and failures up to this share of the answers are no sign
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
    overloaded,  ///< a refusal, a time-out, an answer that says so
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
/// Time is divided into rounds of about a round trip: as many answers as calls are allowed, to calls that began within
/// the round. While all goes well and the limit is reached, each round doubles it. Two things end that climb:
///
/// - **A queue.** When all quartiles of the latency rise, by at least w, calls wait that long at the server. By
/// Little's
///   law it then works on the share (latency - w) / latency of what is in flight; the limit becomes that and half as
///   many again, so that the server never lacks work and no call waits long. Noise moves some quartiles, a queue all.
///   How much latency is there without a queue is measured by draining it: a look is a round with fewer calls, and
///   if the latency falls with their number, there are deeper ones. If it does not fall there was no queue.
/// - **Overload.** Refusals and failures, beyond isolated ones, halve the limit for a round trip. Then it becomes what
///   was accepted meanwhile, if that is more, and rises above it only by small steps, after a pause.
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
    double grown(double target, TimePoint now) noexcept;
    void begin_look(const Round& round, double level) noexcept;
    void end_look(const Round& round, TimePoint now);
    void overloaded(const Call& call, TimePoint now, std::string_view sign);
    void end_storm(TimePoint now);
    void change_to(double limit, LimitChange::Why why, const Round* round = nullptr);

    AdaptiveLimitOptions options_;
    double limit_;
    bool climbs_ = true;

    // The round.
    TimePoint round_begin_;  // the first of its calls began
    std::uint32_t round_ = 0;
    TimePoint enough_at_;  // enough of them have ended
    TimePoint counted_until_;
    std::size_t in_flight_ = 0;
    std::size_t peak_ = 0;       // the most in flight
    bool reached_ = false;       // as many were in flight as may be
    double time_in_flight_ = 0;  // of all calls, in nanoseconds
    std::size_t answers_ = 0;    // to any call
    std::size_t size_ = 0;       // calls of the round
    std::size_t begun_ = 0;      // of these
    double begins_ = 0;          // the sum of the times since the round began, of those that have no answer
    double latencies_ = 0;       // the sum, of those that have one
    LatencySample sample_;

    // The first round.
    bool is_first_ = true;
    double early_least_ = std::numeric_limits<double>::infinity();
    double late_least_ = std::numeric_limits<double>::infinity();

    // Latency without a queue.
    LatencySpread usual_;
    double usual_latency_ = 0;  // on average
    double latency_ = 0;        // of the last round
    double signs_ = 0;          // of a queue, in so many rounds in a row
    int clean_rounds_ = 0;      // in a row
    bool looks_ = false;
    double limit_before_look_ = 0;
    double limit_before_signs_ = 0;
    Round before_look_{};
    LatencySpread deepest_look_;
    Duration pause_;
    TimePoint look_at_ = TimePoint::max();

    // Overload.
    double forgiveness_ = 1;  // isolated signs that are forgiven
    double ceiling_;          // above it only by probing
    double probe_step_ = 0;
    Duration probe_pause_;
    TimePoint probe_at_{};
    bool storm_ = false;           // the calls that were in flight at the cut still end
    std::uint32_t cut_round_ = 0;  // the first after it
    TimePoint storm_until_{};
    std::size_t stormy_ = 0;    // that began before the cut and have not ended
    std::size_t accepted_ = 0;  // of those in flight at the cut
    double before_cut_ = 0;
    double half_ = 0;
    int partly_ = 0;  // cuts in a row after which a part was accepted
    double before_partly_ = 0;
    Duration numb_pause_;
    TimePoint numb_until_{};  // overload counts for nothing

    std::optional<LimitChange> change_;
};

}  // namespace plait::policy
