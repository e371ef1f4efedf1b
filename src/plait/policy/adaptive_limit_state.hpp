#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/internal/round_meter.hpp"
#include "plait/policy/limit_change.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plait::policy {

/// How a limit of calls in flight finds itself.
struct AdaptiveLimitOptions {
    double first = 100;
    double least = 1;
    double most = 1000;
    double overload_factor = 0.5;  ///< the deepest cut after refusals or signs of overload
    double least_by_refusals = 8;
    double queue = 0.4;  ///< calls that may wait at the server, as a fraction of those it works on
    Duration harmless_wait = std::chrono::microseconds(300);  ///< a queueing delay that is always accepted
    double forgiven = 0.02;  ///< isolated refusals and failures up to this fraction of the answers are ignored
    /// Once a limit is found, the latency without a queue is measured again after `first_pause`, then after pauses that
    /// double, up to `longest_pause`.
    Duration first_pause = std::chrono::seconds(5);
    Duration longest_pause = std::chrono::minutes(5);
    /// After a cut for overload, the limit rises above what was accepted only after this pause. It doubles with each
    /// such cut, up to `longest_pause`.
    Duration first_probe_pause = std::chrono::seconds(1);
};

/// What the end of a call says about the server's load.
enum class Load {
    fine,        ///< an answer; its latency counts
    refused,     ///< refused for its rate: that is a matter for the pace
    overloaded,  ///< a time-out, a failed connection, or an answer that says so
    unknown      ///< cancelled, not sent, or not the server's fault: ignored
};

/// Decides how many calls may be in flight, from how the last ones went. Knows no clock.
///
/// Time is divided into rounds of about a round trip: half as many calls as the limit allows, sent within the round.
/// While all goes well and the limit is reached, each round doubles it. Two things end that climb:
///
/// - **A queue.** A queue delays every call, noise only some. If every call is delayed by at least w, then the server
///   works on a fraction (latency - w) / latency of the calls in flight (Little's law). The limit becomes that number
///   plus `queue` of it: the server never runs out of work, and no call waits long. To measure the latency without a
///   queue, a *look* drains it: a round with fewer calls. If the latency fell with their number, a deeper look follows.
///   If it did not, there was no queue, and the limit is restored.
/// - **Overload.** Failures, beyond isolated ones, halve the limit for a round trip. Then the limit becomes the number
///   accepted meanwhile, if that is higher, and exceeds it only in small steps, after a pause. Refusals halve it, too,
///   but not below `least_by_refusals`, and only until it has grown again: they are usually about a rate, which is a
///   matter for the pace. Refusals that come at the same number in flight are about that number, and count as overload.
///   A server that fails at random accepts fewer calls after each cut; one that accepts a number, as many. After three
///   such cuts, the limit is restored, and failures are ignored for a pause, unless most calls fail.
///
/// A call sent before the last cut causes no other: there is at most one cut per round trip.
class AdaptiveLimitState {
  public:
    AdaptiveLimitState(const AdaptiveLimitOptions& options, TimePoint now) noexcept;

    std::size_t limit() const noexcept { return static_cast<std::size_t>(limit_); }
    std::size_t in_flight() const noexcept { return meter_.in_flight(); }

    /// The last change of the limit; nullopt before the first.
    const std::optional<LimitChange>& last_change() const noexcept { return change_; }

    /// A call that was sent.
    using Call = internal::RoundMeter::Call;

    Call began(TimePoint now) noexcept;

    /// `sign` names the sign of overload, such as `status 503`.
    void ended(const Call& call, Load load, TimePoint now, std::string_view sign = {});

  private:
    using Round = internal::Round;
    using LatencySpread = internal::LatencySpread;

    void begin_round(TimePoint now) noexcept;
    void end_round(TimePoint now);
    void judge(const Round& round, double wait, TimePoint now);
    double enough_for(double working) const noexcept;
    double grown(double target, TimePoint now) noexcept;
    void begin_look(const Round& round, double level) noexcept;
    void end_look(const Round& round, TimePoint now);
    void overloaded(const Call& call, bool is_refusal, TimePoint now, std::string_view sign);
    void end_storm(TimePoint now);
    bool is_in_vain(double accepted) const noexcept;
    bool is_refused_by_number(double accepted, TimePoint now) noexcept;
    void change_to(double limit, LimitChange::Why why, const Round* round = nullptr);

    AdaptiveLimitOptions options_;
    double limit_;
    bool climbs_ = true;
    int clean_rounds_ = 0;  // in a row
    std::optional<LimitChange> change_;

    internal::RoundMeter meter_;
    bool is_first_ = true;  // the first round
    bool reached_ = false;  // the limit, in this round

    // Latency without a queue, and of the last round.
    LatencySpread usual_;
    double usual_latency_ = 0;
    double latency_ = 0;

    // Looks.
    double signs_ = 0;  // signs of a queue that persists although the limit falls
    double limit_before_signs_ = 0;
    bool looks_ = false;
    double limit_at_look_ = 0;
    double limit_before_look_ = 0;
    Round before_look_{};
    LatencySpread deepest_look_;
    Duration pause_;
    TimePoint look_at_ = TimePoint::max();

    // A storm: the time after a cut in which the calls in flight end.
    bool storm_ = false;
    bool is_of_refusals_ = false;
    std::uint32_t cut_round_ = 0;  // the first round after the cut
    TimePoint storm_until_{};
    double before_cut_ = 0;
    double half_ = 0;
    std::size_t stormy_ = 0;    // calls in flight at the cut that have not ended
    std::size_t accepted_ = 0;  // and of all of them, those that have not failed
    // After it.
    double forgiveness_ = 1;  // isolated failures still ignored
    double ceiling_;          // exceeded only by probing
    double probe_step_ = 0;
    Duration probe_pause_;
    TimePoint probe_at_{};
    TimePoint refused_at_{};
    double accepted_before_ = 0;  // in the last storm of refusals
    double failing_ = 0;          // the fraction of calls that fail
    int vain_cuts_ = 0;           // in a row
    double before_vain_cuts_ = 0;
    double accepted_in_storm_ = 0;  // the last one
    bool was_alone_ = false;        // the call that failed, after others that had not
    Duration numb_pause_;
    TimePoint numb_until_{};  // failures are ignored until then
};

}  // namespace plait::policy
