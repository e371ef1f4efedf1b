#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/limit_notice.hpp"
#include "plait/policy/sliding_window.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace plait::policy {

/// A limit that a server tells in its answers, and what follows from it: when a call may leave. Knows no clock.
///
/// *What is left.* Answers overtake each other, and nobody knows when a call in flight is counted. But the call that
/// was counted last is the one that left last or one that was answered after that one had left. So the least that those
/// answers told, less all that is in flight, is surely left.
///
/// *The reset.* When nothing is left, one call tries after the reset, and its answer tells how much there is again. A
/// reset told in whole seconds may be off by up to one in either direction. Where that matters, one or two calls of the
/// quota are kept as scouts. Windows last whole seconds, so there are two moments near the reset at which this one can
/// end, counted from the call that began it: a scout leaves at each, none is refused, and one meets the new window. Of
/// the next window the length is known.
///
/// *Other kinds.* A scout just before the first reset shows whether that is *steady* or postponed by each call.
/// Postponed, all is spent at once and the last reset is waited for. Steady, but bringing back only a little (a sliding
/// counter), the quota is spent evenly from then on; so is one whose resets are as far away as it is used (a bucket).
/// Where a server tells an amount and a window but not what is left, no window of that length has more than the amount.
class ToldQuota {
  public:
    ToldQuota(std::string_view unit, std::string_view source) : unit_(unit), source_(source) {}

    /// A call that left: its number among all, and what it costs of this unit.
    struct Call {
        std::uint64_t number = 0;
        TimePoint left_at{};
        double cost = 0;
        double all_cost = 0;  ///< what all that had left when it is told cost; of use when it is the first that tells
    };

    /// The answer to `call` says this.
    void told(const LimitNotice& notice, const Call& call, TimePoint now);
    /// A refused call was asked to wait until then, for this quota: that outranks the reset.
    void asked_to_wait_until(TimePoint time) noexcept;
    /// `call` has ended, whatever it told; without an answer it may have been counted.
    void ended(const Call& call, bool is_answered, TimePoint now);
    /// `in_flight`: before it leaves.
    void leave(const Call& call, double in_flight);

    /// When a call that costs this much may leave, if nothing else does before: `now`, or later, or the end of time
    /// when the end of a call in flight has to be waited for. `in_flight`: what all calls in flight cost.
    TimePoint earliest(double cost, double in_flight, TimePoint now);

    const std::string& unit() const noexcept { return unit_; }
    const std::string& source() const noexcept { return source_; }
    std::optional<double> limit() const noexcept { return limit_; }
    /// What is surely left; nothing when the server does not say or the time for which it said so is over.
    std::optional<double> left(double in_flight, TimePoint now) const;
    /// When it is full again, or more is left.
    std::optional<TimePoint> resets_at() const noexcept { return resets_at_; }
    /// The length of the window, as told or seen.
    std::optional<Duration> window() const noexcept { return told_window_ ? told_window_ : seen_window_; }
    /// Whether it is known when there is more.
    bool has_time() const noexcept { return resets_at_ || even_gap_ || policy_; }
    /// Whether the answer to this call said that nothing is left, and that was to be waited for.
    bool was_used_up_for(std::uint64_t number) const noexcept {
        return number == used_up_for_ && resets_at_ && !even_gap_;
    }

  private:
    struct Told {
        TimePoint answered;
        double remaining;
    };
    struct Refill {
        double remaining;
        double rate;  // a second
    };
    struct DoubtfulReset {
        Duration reset;
        TimePoint told_at;
    };
    struct Untold {
        TimePoint last_ended = TimePoint::min();
        double cost = 0;
    };

    void told_policy(const LimitNotice& notice, const Call& call, TimePoint now);
    bool falls_as_milliseconds(Duration reset, TimePoint now);
    void look_for_refill(Duration reset, double remaining, TimePoint now);
    void used_up(std::optional<Duration> reset, TimePoint now);
    void told_remaining(double remaining, const Call& call, TimePoint now);
    void told_reset(TimePoint reset, double remaining, const Call& call, TimePoint now);
    bool is_same_reset(TimePoint reset) const noexcept;
    bool may_have_ended(TimePoint time) const noexcept;
    void begin_window(TimePoint reset, double remaining, const Call& call, TimePoint now);
    void become_even(TimePoint begin);
    void probe_told(double remaining, const Call& call, TimePoint now);
    double surely_left(double in_flight) const;
    double scouts() const noexcept;
    TimePoint turn_of_scout(double left) const noexcept;
    bool is_coarse() const noexcept;
    Duration lateness() const noexcept;
    TimePoint after_reset(TimePoint now) const noexcept;

    std::string unit_;
    std::string source_;
    std::optional<double> limit_;
    std::optional<Duration> told_window_;
    std::optional<SlidingWindow> policy_;  // of an amount and a window without what is left
    std::optional<Duration> even_gap_;     // between two calls, where a reset brings back only a little
    TimePoint next_even_{};

    // What is left. `told_` has the answers since the last teller left, the least first.
    bool is_known_ = false;
    TimePoint last_teller_left_at_ = TimePoint::min();
    std::deque<Told> told_;
    Untold untold_;  // calls that ended without an answer after the last teller had left
    int answers_without_ = 0;
    std::uint64_t last_teller_ = 0;
    std::uint64_t used_up_for_ = 0;

    // This window. All its answers told a reset between the earliest and the latest.
    std::optional<TimePoint> resets_at_;  // the earliest
    TimePoint latest_reset_{};
    TimePoint first_told_at_{};
    TimePoint begun_by_{};  // when the call that began it had been answered
    Duration grain_{};
    std::optional<Duration> seen_window_;
    bool is_window_exact_ = false;  // it is the time between two resets
    std::optional<Refill> refill_;
    int times_refilling_ = 0;
    std::optional<DoubtfulReset> doubtful_reset_;
    bool is_in_milliseconds_ = false;
    Duration longest_short_{};  // of a short window: the longest reset told when nothing was left
    int times_used_up_ = 0;
    TimePoint used_up_until_ = TimePoint::min();
    std::optional<double> left_since_full_;  // what left since all was left; nothing when that was not seen
    bool is_shared_ = false;                 // others use it, too

    enum class Resets { unknown, steady, postponed };
    Resets resets_ = Resets::unknown;
    bool old_reset_stands_ = false;         // it is tried although it was postponed
    std::optional<Duration> whole_window_;  // its length in whole seconds, when a scout has shown it

    std::uint64_t probe_ = 0;       // the one call that tries after a reset
    double after_probe_ = 0;        // what may be counted after it
    Duration late_{};               // how long after its reset the last window was seen to begin
    bool is_rounded_down_ = false;  // a call was refused after a reset told in whole seconds
    Duration gap_{};
    TimePoint next_probe_ = TimePoint::min();
};

}  // namespace plait::policy
