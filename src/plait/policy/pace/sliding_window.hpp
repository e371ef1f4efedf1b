#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace plait::policy {

/// Options of a sliding window.
struct SlidingWindowOptions {
    /// Count the window as longer by this fraction. Calls sent evenly arrive less evenly: with 2 %, calls at 200/s may
    /// shift against each other by 20 ms before the server sees 201 in a second.
    double margin = 0.02;
    /// How far ahead of the even pace calls may be sent, so that a late wake-up costs nothing. At most one second, and
    /// 2 % of the window.
    Duration burst = std::chrono::seconds(1);
    /// Whether calls are spaced evenly over the window, or may all be sent at once.
    bool spread = true;
};

/// Keeps one rate limit: no window of the limit's length ever has more than its amount, whatever the pattern of calls.
///
/// Two rules apply together. An exact one: what was sent in the last window (slightly longer, see `margin`) plus the
/// new call must not exceed the amount. And an even one, against clumps: after a cost of c, the next call waits for the
/// time in which the limit grants c, less a small burst (the "virtual scheduling" form of the generic cell rate
/// algorithm, ITU-T I.371).
///
/// Memory is bounded: costs within a thousandth of a window are kept as one. Knows no clock; times must not go back.
class SlidingWindow {
  public:
    /// Identifies a moment in which costs were sent.
    using Moment = std::uint64_t;

    explicit SlidingWindow(const RateLimit& limit, const SlidingWindowOptions& options = {});

    /// Returns when `cost` may be sent if nothing else is sent before: `now`, or later. A cost above the whole limit
    /// may be sent when the window is empty.
    TimePoint earliest(double cost, TimePoint now);

    /// What was sent in one moment, and when the last of it was.
    struct Sent {
        TimePoint last;
        double amount;
    };

    /// Restores what was sent by an earlier process. Call it in order of time, before `take`: the moments are 0, 1, 2
    /// and so on.
    void restore(const Sent& left, TimePoint now);

    /// What was sent in a moment; nullopt once the moment has left the window.
    std::optional<Sent> sent_in(Moment moment) const noexcept;

    /// Counts `cost` as sent now, whether or not the limit allows it.
    Moment take(double cost, TimePoint now);

    /// Corrects a cost counted in `moment` from `reserved` to `actual`. A lower cost is corrected there. The rest of a
    /// higher cost counts from now on: when it was used is unknown, and a later time is safe. Returns the moment that
    /// changed.
    Moment settle(Moment moment, double reserved, double actual, TimePoint now);

    /// Changes the amount of the limit. What was sent is kept.
    void set_amount(double amount);

    /// How much may be sent at once, ahead of the even pace.
    double burst_amount() const noexcept;

    const RateLimit& limit() const noexcept { return limit_; }

    /// Moments kept; about a thousand at most.
    std::size_t moments() const noexcept { return slots_.size(); }

  private:
    struct Slot {
        TimePoint first;
        TimePoint last;
        double amount;
    };
    static constexpr int slots_a_window = 1000;

    void forget_before(TimePoint now);
    bool fits(double used, double cost) const noexcept;
    Duration time_for(double cost) const noexcept;

    RateLimit limit_;
    SlidingWindowOptions options_;
    Duration counted_;  // the window with its margin
    Duration burst_;
    std::deque<Slot> slots_;
    Moment first_moment_ = 0;  // that of slots_.front()
    double used_ = 0;
    TimePoint even_{};  // when the next cost would leave at the even pace
};

}  // namespace plait::policy
