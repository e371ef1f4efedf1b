#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/pace/limit_notice.hpp"
#include "plait/policy/pace/sliding_window.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace plait::policy {

/// A quota that a server announces in its answers, and what follows: when a call may be sent. Knows no clock.
///
/// *What is left.* Answers overtake each other, and when a call in flight is counted is unknown. But the call counted
/// last is the one sent last, or one that was answered after that one was sent. So the smallest remainder in those
/// answers, less everything in flight, is certainly left.
///
/// *The reset.* When nothing is left, one call probes after the reset, and its answer tells the new remainder. A reset
/// in whole seconds may be off by up to one second in either direction. Where that matters, one or two calls of the
/// quota are kept back as scouts. Windows last whole seconds, so this one can end at two moments near the reset,
/// counted from the call that began it. A scout is sent at each: neither is refused, and one meets the new window. From
/// then on the length is known.
///
/// *Other kinds.* A scout before the first reset shows whether the reset is *steady*, or postponed by each call. If
/// postponed, spend the quota at once and wait for the last reset. If steady, but bringing back only a little (a
/// sliding counter), spend the quota evenly from then on; likewise when resets are as far away as the quota is used (a
/// bucket). If a server announces an amount and a window but no remainder, keep every window of that length within the
/// amount.
class AnnouncedQuota {
  public:
    AnnouncedQuota(std::string_view unit, std::string_view source) : unit_(unit), source_(source) {}

    /// A call that was sent: its number in the order of sending, and its cost in this unit.
    struct Call {
        std::uint64_t number = 0;
        TimePoint sent_at{};
        double cost = 0;
        double all_cost = 0;  ///< the cost of all calls sent until its answer; used with the first answer
    };

    /// Takes in what the answer to `call` says.
    void update(const LimitNotice& notice, const Call& call, TimePoint now);
    /// A refused call was asked to wait until then, for this quota. That outranks the reset.
    void asked_to_wait_until(TimePoint time) noexcept;
    /// `call` has ended. Without an answer, it may have been counted.
    void ended(const Call& call, bool is_answered, TimePoint now);
    /// Counts a call that is sent now; `in_flight` does not include it.
    void sent(const Call& call, double in_flight);

    /// Returns when a call of this cost may be sent if nothing else happens before: `now`, or later, or the end of time
    /// when a call in flight has to end first. `in_flight` is the cost of all calls in flight.
    TimePoint earliest(double cost, double in_flight, TimePoint now);

    const std::string& unit() const noexcept { return unit_; }
    const std::string& source() const noexcept { return source_; }
    std::optional<double> limit() const noexcept { return limit_; }
    /// What is certainly left; nullopt when the server does not say, or its window is over.
    std::optional<double> left(double in_flight, TimePoint now) const;
    /// When more is left again.
    std::optional<TimePoint> resets_at() const noexcept { return resets_at_; }
    /// The length of the window, as announced or observed.
    std::optional<Duration> window() const noexcept { return announced_window_ ? announced_window_ : seen_window_; }
    /// Whether the time of the next refill is known.
    bool has_time() const noexcept { return resets_at_ || even_gap_ || policy_; }
    /// Whether the answer to this call said that nothing is left until the reset.
    bool was_used_up_for(std::uint64_t number) const noexcept {
        return number == used_up_for_ && resets_at_ && !even_gap_;
    }

  private:
    struct Answer {
        TimePoint answered;
        double remaining;
    };
    struct Refill {
        double remaining;
        double rate;  // a second
    };
    struct DoubtfulReset {
        Duration reset;
        TimePoint answered_at;
    };
    struct Unanswered {
        TimePoint last_ended = TimePoint::min();
        double cost = 0;
    };

    void update_policy(const LimitNotice& notice, const Call& call, TimePoint now);
    bool falls_as_milliseconds(Duration reset, TimePoint now);
    void look_for_refill(Duration reset, double remaining, TimePoint now);
    void used_up(std::optional<Duration> reset, TimePoint now);
    void update_remaining(double remaining, const Call& call, TimePoint now);
    void update_reset(TimePoint reset, double remaining, const Call& call, TimePoint now);
    bool is_same_reset(TimePoint reset) const noexcept;
    bool may_have_ended(TimePoint time) const noexcept;
    void begin_window(TimePoint reset, double remaining, const Call& call, TimePoint now);
    void become_even(TimePoint begin);
    void end_probe(double remaining, const Call& call, TimePoint now);
    double surely_left(double in_flight) const;
    double scouts() const noexcept;
    TimePoint turn_of_scout(double left) const noexcept;
    bool is_coarse() const noexcept;
    Duration lateness() const noexcept;
    TimePoint after_reset(TimePoint now) const noexcept;

    std::string unit_;
    std::string source_;
    std::optional<double> limit_;
    std::optional<Duration> announced_window_;
    std::optional<SlidingWindow> policy_;  // of an amount and a window without a remainder
    std::optional<Duration> even_gap_;     // between two calls, where a reset brings back little
    TimePoint next_even_{};

    // The remainder. `recent_` has the answers since the last answered call was sent, the smallest first.
    bool is_known_ = false;
    TimePoint last_teller_sent_at_ = TimePoint::min();
    std::deque<Answer> recent_;
    Unanswered unanswered_;  // calls that ended without an answer since then
    int answers_without_ = 0;
    std::uint64_t last_teller_ = 0;
    std::uint64_t used_up_for_ = 0;

    // This window. Its answers announced resets between the earliest and the latest.
    std::optional<TimePoint> resets_at_;  // the earliest
    TimePoint latest_reset_{};
    TimePoint first_answer_at_{};
    TimePoint begun_by_{};  // when the call that began it was answered
    Duration grain_{};
    std::optional<Duration> seen_window_;
    bool is_window_exact_ = false;  // measured between two resets
    std::optional<Refill> refill_;
    int times_refilling_ = 0;
    std::optional<DoubtfulReset> doubtful_reset_;
    bool is_in_milliseconds_ = false;
    Duration longest_short_{};  // of a short window: the longest reset when nothing was left
    int times_used_up_ = 0;
    TimePoint used_up_until_ = TimePoint::min();
    std::optional<double> left_since_full_;  // sent since the quota was full; nullopt when that was not seen
    bool is_shared_ = false;                 // other clients use it, too

    enum class Resets { unknown, steady, postponed };
    Resets resets_ = Resets::unknown;
    bool old_reset_stands_ = false;         // probe it although it was postponed
    std::optional<Duration> whole_window_;  // its length in whole seconds, as a scout has shown

    std::uint64_t probe_ = 0;       // the one call that probes after a reset
    double after_probe_ = 0;        // cost that may be counted after it
    Duration late_{};               // how long after its reset the last window began
    bool is_rounded_down_ = false;  // a call was refused after a reset in whole seconds
    Duration gap_{};
    TimePoint next_probe_ = TimePoint::min();
};

}  // namespace plait::policy
