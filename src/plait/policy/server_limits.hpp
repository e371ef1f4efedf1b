#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/limit_notice.hpp"
#include "plait/policy/random.hpp"
#include "plait/policy/sliding_window.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// Why nothing leaves at the moment, for people.
class WaitReason {
  public:
    WaitReason() noexcept {}

    std::string limit;        ///< which one, such as `requests=500/m` or `tokens: 0 of 90k left`
    std::string learnt_from;  ///< a header, or `refusals`; empty when the limit was given
    TimePoint until{};        ///< when something will leave, as far as is known

    friend bool operator==(const WaitReason&, const WaitReason&) = default;
};

/// How what servers say is followed.
struct ServerLimitsOptions {
    /// The longest wait that is obeyed; who is asked to wait longer is parked.
    Duration max_wait = std::chrono::minutes(10);
    /// Those that waited come back over this share of the wait, not in one instant.
    double spread = 0.1;
    /// The wait after a refusal that names none; it doubles with each that follows closely, up to `longest_unasked`.
    Duration first_unasked = std::chrono::seconds(1);
    Duration longest_unasked = std::chrono::seconds(60);
    /// How long a pace that was learnt from refusals is kept before a higher one is tried, a little at first. Doubles
    /// each time it proves right.
    Duration trust = std::chrono::seconds(30);
    Duration longest_trust = std::chrono::minutes(10);
};

/// What the servers of a group said about their limits, and what follows: when a call may leave. Knows no clock.
///
/// Three things are followed. *Quotas*, from notices: what is left is spent as asked, and nothing leaves when it is
/// used up until the server gives more; calls that the server had not counted yet are subtracted. *Refusals*: nothing
/// leaves for as long as the server asks, then all come back spread over a tenth of it. *The pace of refusals*: what
/// was accepted in the time before a refusal (as long as the wait, a second to a minute) is taken for the limit, and
/// kept as an even pace. After a time of trust more is tried, by 2 %, 4 %, 8 % a step, until the next refusal.
class ServerLimits {
  public:
    /// `random` outlives this.
    ServerLimits(const ServerLimitsOptions& options, Random& random) noexcept : options_(options), random_(random) {}

    /// A call that left: what tells a later answer what the server can have counted.
    struct Grant {
        TimePoint when{};
        double requests = 0;                                   ///< all that had left with this one
        std::vector<std::pair<std::string, double>> others{};  ///< the same of the other units that it costs
    };

    /// When a call may leave, if nothing else does before: `now`, or later. `waiting` is how many wait, this one
    /// included: they share the time in which those that waited come back.
    TimePoint earliest(const Costs& costs, TimePoint now, std::size_t waiting);

    /// A call leaves now.
    Grant leave(const Costs& costs, TimePoint now);

    /// The answer to a call says this of a limit. What older calls brought later is ignored.
    void notice(const LimitNotice& notice, const Grant& grant, TimePoint now);

    /// A call was refused: asked to wait, or to come less often without being told for how long. Refusals of calls that
    /// left before an earlier refusal was known don't slow the pace once more. `source` is for people.
    void refused(std::optional<Duration> wait, std::string_view source, const Grant& grant, TimePoint now);

    /// Until when the group is parked, because it was asked to wait for longer than it does, and why; nothing when it
    /// is not.
    std::optional<WaitReason> parked(TimePoint now) const;

    /// What the last `earliest` that was later than its `now` was for.
    WaitReason reason() const;

    /// The pace that was learnt from refusals.
    std::optional<RateLimit> learnt_pace() const;

    /// The quotas as they are known: what is left is what the server said less what left since.
    std::vector<LimitNotice> quotas(TimePoint now) const;

  private:
    struct Quota {
        Quota(std::string_view unit_, std::string_view source_) : unit(unit_), source(source_) {}
        std::string unit;
        std::string source;
        std::optional<double> limit;
        double remaining;      // infinite: nothing is known to be used up
        TimePoint reset_at{};  // when `remaining` is no longer true
        TimePoint told_at{};   // when the call left whose answer told it
        std::optional<TimePoint> empty_since;
        std::optional<SlidingWindow> window;
    };
    struct Slot {
        TimePoint begin;
        double left;
    };
    enum class Because { nothing, refusal, return_in_turn, pace, quota };

    Quota& quota_of(const LimitNotice& notice);
    TimePoint earliest_of(Quota& quota, const Costs& costs, TimePoint now);
    double left_since(const Grant& grant, std::string_view unit) const;
    void come_back_from(TimePoint end, Duration waited);
    void learn_pace(TimePoint now);
    void grow_pace(TimePoint now);
    double accepted_in(Duration window, TimePoint end) const;

    ServerLimitsOptions options_;
    Random& random_;

    std::vector<Quota> quotas_;
    double requests_ = 0;  // that ever left
    std::vector<std::pair<std::string, double>> others_;

    std::deque<Slot> accepted_;  // what left and was not refused, by the time when it left
    /// A refusal from which no pace has been learnt yet.
    struct Lesson {
        Duration wait;
        TimePoint left_at;          // when the refused call left
        TimePoint last_hold_ended;  // before it
    };
    std::optional<Lesson> lesson_;
    TimePoint held_since_ = TimePoint::min();
    TimePoint hold_until_ = TimePoint::min();
    std::string hold_source_;
    Duration unasked_wait_{};
    TimePoint parked_until_ = TimePoint::min();
    WaitReason parked_;

    TimePoint return_end_ = TimePoint::min();
    std::optional<TimePoint> next_return_;

    std::optional<SlidingWindow> pace_;
    bool thin_evidence_ = false;  // a refusal came after so few calls that no pace was learnt from it
    bool pace_held_back_ = false;
    TimePoint grow_at_{};
    Duration trust_{};
    double step_ = 0;

    Because because_ = Because::nothing;
    std::size_t because_quota_ = 0;
    TimePoint because_until_{};
};

}  // namespace plait::policy
