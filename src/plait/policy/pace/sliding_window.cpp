#include "plait/policy/pace/sliding_window.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <cmath>

namespace plait::policy {

SlidingWindow::SlidingWindow(const RateLimit& limit, const SlidingWindowOptions& options)
    : limit_(limit), options_(options) {
    PLAIT_ASSERT(limit.amount > 0 && limit.window > Duration::zero(), "a limit allows something in some time");
    counted_ = limit.window + std::chrono::duration_cast<Duration>(limit.window * options.margin);
    burst_ = std::min({options.burst, Duration(std::chrono::seconds(1)), limit.window / 50});
}

TimePoint SlidingWindow::earliest(double cost, TimePoint now) {
    if (cost <= 0) return now;
    forget_before(now);
    TimePoint when = options_.spread ? std::max(now, even_ - burst_) : now;
    double used = used_;
    for (const Slot& slot : slots_) {
        if (fits(used, cost)) break;
        used -= slot.amount;
        when = std::max(when, slot.last + counted_);
    }
    return when;
}

void SlidingWindow::restore(const Sent& left, TimePoint now) {
    slots_.push_back({left.last, left.last, left.amount});
    used_ += left.amount;
    // A larger limit may have allowed what would take this one many windows. It expires within one all the same.
    even_ = std::min(std::max(even_, left.last) + time_for(left.amount), now + counted_);
}

std::optional<SlidingWindow::Sent> SlidingWindow::sent_in(Moment moment) const noexcept {
    if (moment < first_moment_) return std::nullopt;
    const Slot& slot = slots_[moment - first_moment_];
    return Sent{slot.last, slot.amount};
}

SlidingWindow::Moment SlidingWindow::take(double cost, TimePoint now) {
    forget_before(now);
    even_ = std::max(even_, now) + time_for(cost);
    used_ += cost;
    // A slot expires as a whole, with its last cost: never too early.
    if (!slots_.empty() && now - slots_.back().first < counted_ / slots_a_window) {
        slots_.back().last = now;
        slots_.back().amount += cost;
    } else {
        slots_.push_back({now, now, cost});
    }
    return first_moment_ + slots_.size() - 1;
}

SlidingWindow::Moment SlidingWindow::settle(Moment moment, double reserved, double actual, TimePoint now) {
    if (actual > reserved) return take(actual - reserved, now);
    forget_before(now);
    even_ -= time_for(reserved - actual);
    if (moment < first_moment_) return moment;
    slots_[moment - first_moment_].amount -= reserved - actual;
    used_ -= reserved - actual;
    return moment;
}

void SlidingWindow::set_amount(double amount) {
    PLAIT_ASSERT(amount > 0, "a limit allows something");
    limit_.amount = amount;
}

double SlidingWindow::burst_amount() const noexcept {
    return limit_.amount * (static_cast<double>(burst_.count()) / static_cast<double>(counted_.count()));
}

void SlidingWindow::forget_before(TimePoint now) {
    while (!slots_.empty() && slots_.front().last + counted_ <= now) {
        used_ -= slots_.front().amount;
        slots_.pop_front();
        ++first_moment_;
    }
    if (slots_.empty()) used_ = 0;  // drop accumulated rounding
}

bool SlidingWindow::fits(double used, double cost) const noexcept {
    constexpr double rounding = 1e-9;
    return used + cost <= limit_.amount * (1 + rounding);
}

Duration SlidingWindow::time_for(double cost) const noexcept {
    const double share =
        std::min(cost / limit_.amount, 1e3);  // no cost delays the next by more than a thousand windows
    constexpr double century = 3e18;          // in nanoseconds: times are added to it
    return Duration(
        static_cast<Duration::rep>(std::min(std::ceil(static_cast<double>(counted_.count()) * share), century)));
}

}  // namespace plait::policy
