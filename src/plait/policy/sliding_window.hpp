#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/rate_limit.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace plait::policy {

/// How a sliding window is kept.
struct SlidingWindowOptions {
    /// The window is counted longer by this share of it. What leaves evenly arrives less evenly: with 2 %, 200 calls a
    /// second may be shifted against each other by 20 ms before the server sees 201 in a second.
    double margin = 0.02;
    /// What may leave ahead of the even pace, as a time: nothing of the limit is lost when a wake-up is late by less.
    /// At most a second, and 2 % of the window.
    Duration burst = std::chrono::seconds(1);
    /// Whether what is allowed is spread evenly over the window, or may all leave at once.
    bool spread = true;
};

/// One limit: when something may leave, and what has left. Never lets through more than the amount in any window of the
/// limit's length, whatever the pattern in which it is asked.
///
/// Two rules hold together. An exact one: what left in the last window (a little longer, see `margin`) and what is to
/// leave are not more than the amount. And, so that it does not leave in clumps, an even one: after a cost of c the
/// next has to wait for the time in which the limit grants c, less a small burst (the "virtual scheduling" form of the
/// generic cell rate algorithm, ITU-T I.371).
///
/// Takes a fixed room: costs that left within a thousandth of a window are kept as one. Knows no clock; times given
/// never go back.
class SlidingWindow {
  public:
    /// Names a moment in which costs left.
    using Moment = std::uint64_t;

    explicit SlidingWindow(const RateLimit& limit, const SlidingWindowOptions& options = {});

    /// When `cost` may leave, if nothing else leaves before: `now`, or later. A cost above the whole limit may when
    /// nothing else is in the window.
    TimePoint earliest(double cost, TimePoint now);

    /// What left in one moment, and when the last of it did.
    struct Left {
        TimePoint last;
        double amount;
    };

    /// This left under the limit before the window was made. In the order of time, and before anything is taken: the
    /// moments are 0, 1, 2 and so on.
    void restore(const Left& left, TimePoint now);

    /// What left in a moment; nothing when the moment is past and forgotten.
    std::optional<Left> left_in(Moment moment) const noexcept;

    /// `cost` leaves now, whether or not it may.
    Moment take(double cost, TimePoint now);

    /// What left in `moment` as `reserved` has cost `actual`. Less is given back where it was taken. More is counted
    /// from now on: it can't be known when it was used, and a later time is the safe one. Returns the moment in which
    /// that changed something.
    Moment settle(Moment moment, double reserved, double actual, TimePoint now);

    /// From now on the limit is another one, in the same window; what has left is remembered.
    void set_amount(double amount);

    /// What may leave at once although it is ahead of the even pace.
    double burst_amount() const noexcept;

    const RateLimit& limit() const noexcept { return limit_; }

    /// How many moments are remembered; about a thousand at most.
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
