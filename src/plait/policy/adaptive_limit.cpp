#include "plait/policy/adaptive_limit.hpp"

#include "plait/async/event_loop.hpp"

#include <algorithm>
#include <cmath>

namespace plait::policy {

namespace {

// Of the newest round in the smoothed latency, and in its variation.
constexpr double newest = 0.25;
// The variation is that from round to round, so that a trend is not taken for noise. Of normal noise it is 1.13
// standard deviations of a round, which is 3 of the smoothed latency; the least of many is some below the mean, too.
constexpr double variations = 1.5;

}  // namespace

void AdaptiveLimitState::ended(TimePoint begin, Load load, TimePoint now) noexcept {
    if (begin < round_begin_ || load == Load::unknown) return;
    if (load == Load::overloaded) {
        cut(options_.overload_factor);
        look_ = false;
        begin_round(now);
        return;
    }
    ended_ += 1;
    latencies_ += static_cast<double>((now - begin).count());
    if (ended_ < std::floor(limit_)) return;
    if (look_) {
        end_look(latencies_ / ended_);
    } else {
        end_round(latencies_ / ended_, now);
    }
    begin_round(now);
}

void AdaptiveLimitState::end_round(double latency, TimePoint now) noexcept {
    variation_ += smooth_ == 0 ? 0 : newest * (std::abs(latency - last_) - variation_);
    last_ = latency;
    smooth_ += smooth_ == 0 ? latency : newest * (latency - smooth_);
    least_ = std::min(least_, smooth_);

    if (now >= look_at_) {
        look_ = true;
        limit_before_look_ = limit_;
        pause_ = std::min(pause_ * 2, options_.longest_pause);
        look_at_ = now + pause_;
        cut(options_.overload_factor);
    } else if (is_clear_rise(smooth_)) {
        limit_ = std::max(limit_ * options_.slow_factor, std::min(limit_, options_.first));
    } else if (reached_) {
        limit_ = std::min(options_.most, limit_ + options_.step);
    }
}

void AdaptiveLimitState::end_look(double latency) noexcept {
    look_ = false;
    least_ = latency;
    const double before = limit_before_look_;
    limit_ = is_clear_rise(smooth_) ? std::max(limit_, std::min(before, options_.first)) : before;
    smooth_ = last_ = latency;
}

bool AdaptiveLimitState::is_clear_rise(double latency) const noexcept {
    return latency > least_ * options_.rise + variations * variation_;
}

void AdaptiveLimitState::cut(double factor) noexcept { limit_ = std::max(options_.least, limit_ * factor); }

void AdaptiveLimitState::begin_round(TimePoint now) noexcept {
    round_begin_ = now;
    reached_ = false;
    ended_ = 0;
    latencies_ = 0;
}

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitOptions& options) : state_(options, now()) {}

Task<AdaptiveLimit::Permit> AdaptiveLimit::enter(int priority) {
    if (auto permit = try_enter()) co_return std::move(*permit);
    internal::WaitingLine::Place place(line_, priority);
    while (!place.is_first() || permits_ >= limit()) co_await place.called();
    co_return take();
}

std::optional<AdaptiveLimit::Permit> AdaptiveLimit::try_enter() noexcept {
    if (!line_.empty() || permits_ >= limit()) return std::nullopt;
    return take();
}

AdaptiveLimit::Permit AdaptiveLimit::take() noexcept {
    ++permits_;
    return Permit(*this);
}

TimePoint AdaptiveLimit::call_begins() noexcept {
    ++in_flight_;
    if (in_flight_ >= limit()) state_.limit_reached();
    return now();
}

void AdaptiveLimit::give_back(std::optional<TimePoint> begin, Load load) noexcept {
    --permits_;
    if (begin) {
        --in_flight_;
        state_.ended(*begin, load, now());
    }
    if (permits_ < limit()) line_.call_first();
}

}  // namespace plait::policy
