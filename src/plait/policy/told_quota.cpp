#include "plait/policy/told_quota.hpp"

#include "plait/policy/internal/times.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace plait::policy {

namespace {

using internal::times;

using namespace std::chrono_literals;

// Of a window: the even pace keeps this much below what is told, because nothing arrives as evenly as it leaves.
constexpr double even_margin = 0.03;
constexpr double least_for_scouts = 10;
// A clock's and a network's unevenness.
constexpr Duration a_moment = 5ms;
// A reset is told coarsely when it may be off by more than this part of the window.
constexpr int coarse_part = 40;
// In a window of fewer grains the time around the reset is most of it.
constexpr int least_grains = 4;
// In a window this short nothing is gained by spending it at once.
constexpr Duration short_window = 2s;
// After this many answers in a row that don't tell it a quota is forgotten.
constexpr int answers_to_forget = 8;
// What tells that a quota refills: so much is used, in so many answers the same rate follows from very different rests.
constexpr double least_used = 4;
constexpr double same_rate = 0.15;
constexpr int enough_of_refill = 3;
// A reset further away than this may have been told in milliseconds.
constexpr Duration least_doubtful = 10min;
constexpr Duration longest_courtesy = 500ms;
// All is left again when no more than this is missing.
constexpr double whole = 0.9;
// Whoever has more than this share left need not go evenly.
constexpr double plenty = 0.2;
// Two resets that differ by less are one, told twice.
constexpr Duration same_reset = 50ms;
// What is unclear after a reset is asked for again after this long, then after 1.6 times as long.
constexpr Duration first_gap = 125ms;
constexpr Duration longest_gap = 10s;
constexpr double gap_growth = 1.6;

}  // namespace

void ToldQuota::told(const LimitNotice& notice, const Call& call, TimePoint now) {
    if (notice.limit && *notice.limit >= 1 && std::isfinite(*notice.limit)) limit_ = notice.limit;
    told_policy(notice, call, now);
    if (!notice.remaining) return;
    last_teller_ = call.number;
    auto reset = notice.reset ? notice.reset : notice.window;
    if (notice.reset) is_in_milliseconds_ = is_in_milliseconds_ || falls_as_milliseconds(*reset, now);
    if (notice.reset && is_in_milliseconds_) reset = *reset / 1000;
    const Duration grain = notice.reset ? notice.reset_grain : Duration::zero();
    if (reset && *reset >= Duration::zero() && call.left_at >= last_teller_left_at_) {
        grain_ = grain;
        told_reset(now + *reset, *notice.remaining, call, now);
        look_for_refill(*reset, *notice.remaining, now);
    }
    if (*notice.remaining < 1 && limit_) used_up(reset, now);
    told_remaining(*notice.remaining, call, now);
    if (*notice.remaining < 1) used_up_for_ = call.number;
    if (call.number == probe_) probe_told(*notice.remaining, call, now);
}

/// Whether resets that are taken for seconds from now on fall by a thousand of them in a second.
bool ToldQuota::falls_as_milliseconds(Duration reset, TimePoint now) {
    if (reset < least_doubtful) return false;
    const auto before = std::exchange(doubtful_reset_, DoubtfulReset{reset, now});
    if (!before) return false;
    const Duration fell = before->reset - reset;
    const bool falls = fell >= 1s && fell > 100 * (now - before->told_at);
    if (!falls && now - before->told_at < 1s) doubtful_reset_ = before;  // the longer apart, the surer
    if (falls) resets_at_.reset();
    return falls;
}

/// Where resets are as far away as the quota is used, it refills evenly, and is spent so when it is used up.
void ToldQuota::look_for_refill(Duration reset, double remaining, TimePoint now) {
    const double used = limit_ ? *limit_ - remaining : 0;
    if (even_gap_ || used < least_used || reset < least_grains * grain_ || reset <= Duration::zero()) return;
    const Refill refill{remaining, used / std::chrono::duration<double>(reset).count()};
    if (!refill_) {
        refill_ = refill;
        return;
    }
    if (std::abs(refill.remaining - refill_->remaining) < *limit_ / 4) return;
    if (std::abs(refill.rate - refill_->rate) > refill.rate * same_rate) {
        refill_ = refill;
        times_refilling_ = 0;
        return;
    }
    if (++times_refilling_ < enough_of_refill) return;
    seen_window_ = times(1s, *limit_ / refill.rate);
    become_even(now);
}

/// Nothing is left. In a short window it is spent evenly from then on, if its length is known.
void ToldQuota::used_up(std::optional<Duration> reset, TimePoint now) {
    // In a window of a few grains a reset says little. It is obeyed twice; by then the longest told is the length, or
    // that rounded up.
    if (reset && grain_ * least_grains > window().value_or(*reset)) {
        longest_short_ = std::max(longest_short_, *reset);
        if (now >= used_up_until_) ++times_used_up_;
        used_up_until_ = std::max(used_up_until_, now + *reset);
        if (times_used_up_ > 2 && !told_window_) {
            const Duration whole_seconds = std::chrono::floor<std::chrono::seconds>(longest_short_);
            seen_window_ = std::max(whole_seconds, Duration(1s));
            is_window_exact_ = true;
        }
    }
    const bool is_sure = told_window_ || is_window_exact_;
    // After a burst a window that slides lets nothing in before its reset.
    if (is_sure && *window() <= short_window) become_even(now + reset.value_or(*window()));
}

void ToldQuota::told_policy(const LimitNotice& notice, const Call& call, TimePoint now) {
    if (!limit_ || !notice.window || *notice.window <= Duration::zero()) return;
    told_window_ = notice.window;
    if (is_known_ || notice.remaining) return;
    if (policy_ && policy_->limit().window == *notice.window) {
        policy_->set_amount(*limit_);
        return;
    }
    SlidingWindowOptions at_once;
    at_once.spread = false;
    policy_.emplace(RateLimit(unit_, *limit_, *notice.window), at_once);
    policy_->take(std::min(call.all_cost, *limit_), now);
}

void ToldQuota::told_remaining(double remaining, const Call& call, TimePoint now) {
    is_known_ = true;
    answers_without_ = 0;
    policy_.reset();
    if (call.left_at > last_teller_left_at_) {
        last_teller_left_at_ = call.left_at;
        while (!told_.empty() && told_.front().answered <= last_teller_left_at_) told_.pop_front();
        if (untold_.last_ended <= last_teller_left_at_) untold_ = {};
    }
    // What is neither newer nor less than this one never is the least again.
    while (!told_.empty() && told_.back().remaining >= remaining) told_.pop_back();
    told_.push_back({now, remaining});
    if (left_since_full_ && limit_ && remaining < *limit_ - *left_since_full_ - 0.5) is_shared_ = true;
}

void ToldQuota::told_reset(TimePoint reset, double remaining, const Call& call, TimePoint now) {
    if (!resets_at_) {
        resets_at_ = latest_reset_ = reset;
        first_told_at_ = begun_by_ = now;
        seen_window_ = reset - now;
        return;
    }
    if (old_reset_stands_) {
        old_reset_stands_ = call.number != probe_;
        if (old_reset_stands_) return;
    }
    const bool is_apart = now - first_told_at_ > 2 * (grain_ + same_reset);
    if (is_same_reset(reset)) {
        // A refused call may be the one that postpones nothing.
        if (is_apart && remaining >= 1) resets_ = Resets::steady;
        resets_at_ = std::min(*resets_at_, reset);
        latest_reset_ = std::max(latest_reset_, reset);
        return;
    }
    const bool is_over = may_have_ended(call.left_at);
    if (!is_over && is_apart && reset > latest_reset_) {
        const bool is_news = resets_ != Resets::postponed;
        resets_ = Resets::postponed;
        seen_window_ = std::max(*seen_window_, reset - now);
        // Those that left before may be back at the reset that was told before: it is still worth a try.
        old_reset_stands_ = is_news;
        if (is_news) return;
    }
    if (is_over) begin_window(reset, remaining, call, now);
    resets_at_ = latest_reset_ = reset;
    first_told_at_ = now;
}

/// Whether the window may be over at this time, by what was told of its end.
bool ToldQuota::may_have_ended(TimePoint time) const noexcept {
    // Told in whole seconds, its answers disagree by the rounding, and the latest counts; else by their way.
    return time >= (grain_ > same_reset ? latest_reset_ : *resets_at_) - grain_;
}

/// Whether a reset is that of this window, told once more.
bool ToldQuota::is_same_reset(TimePoint reset) const noexcept {
    const Duration tolerance = std::min(grain_, window().value_or(grain_) / 2) + same_reset;
    return reset <= *resets_at_ + tolerance && reset >= latest_reset_ - tolerance;
}

/// The first answer of a new window has come.
void ToldQuota::begin_window(TimePoint reset, double remaining, const Call& call, TimePoint now) {
    const Duration since_reset = call.left_at - *resets_at_;
    late_ = std::clamp(since_reset, Duration::zero(), grain_);
    const bool was_idle = since_reset > *window() / 2;
    const Duration seen = reset - *resets_at_;
    const bool is_exact = resets_ == Resets::steady && seen > *seen_window_ / 2;
    if (!was_idle) {
        seen_window_ = is_exact ? seen : std::max(*seen_window_, seen);
        is_window_exact_ = is_exact;
    }
    const auto length = std::chrono::floor<std::chrono::seconds>(call.left_at - begun_by_);
    const bool was_expected = call.left_at - begun_by_ - length < same_reset;
    whole_window_ = was_expected ? std::optional<Duration>(length) : std::nullopt;
    begun_by_ = now;
    left_since_full_.reset();
    if (!limit_ || *limit_ < least_for_scouts || !window() || resets_ != Resets::steady || is_shared_) return;
    if (was_idle || remaining >= *limit_ / 2) return;
    become_even(now);
}

/// From `begin` on the quota is spent evenly.
void ToldQuota::become_even(TimePoint begin) {
    if (even_gap_) return;
    even_gap_ = times(*window(), 1 / (*limit_ * (1 - even_margin)));
    next_even_ = begin + *even_gap_;
}

/// The call that tried after a reset has its answer.
void ToldQuota::probe_told(double remaining, const Call& call, TimePoint now) {
    if (remaining < call.cost) {
        is_rounded_down_ = is_rounded_down_ || (grain_ > same_reset && resets_at_ && call.left_at >= *resets_at_);
        gap_ = gap_ == Duration::zero() ? first_gap : std::min(times(gap_, gap_growth), longest_gap);
        next_probe_ = now + gap_;
        return;
    }
    gap_ = Duration::zero();
    if (limit_ && remaining + call.cost >= *limit_ * whole) left_since_full_ = *limit_ - remaining + after_probe_;
}

void ToldQuota::asked_to_wait_until(TimePoint time) noexcept {
    if (resets_at_ && *resets_at_ > time) resets_at_ = latest_reset_ = time;
}

void ToldQuota::ended(const Call& call, bool is_answered, TimePoint now) {
    if (call.number == probe_) probe_ = 0;
    if (call.number == last_teller_ || !is_known_) return;
    if (!is_answered) {
        untold_.cost += call.cost;
        untold_.last_ended = now;
        return;
    }
    // An answer without it was not counted by it. When no answer has it any more, it is gone.
    const bool is_over = !resets_at_ || now >= *resets_at_;
    if (++answers_without_ < answers_to_forget || !is_over) return;
    is_known_ = false;
    told_.clear();
    untold_ = {};
    even_gap_.reset();
    resets_at_.reset();
    left_since_full_.reset();
}

void ToldQuota::leave(const Call& call, double in_flight) {
    if (policy_) policy_->take(call.cost, call.left_at);
    if (even_gap_) {
        // What left in a burst, because there was plenty, holds up the even pace for one call only.
        const TimePoint due = std::clamp(next_even_, call.left_at, call.left_at + *even_gap_);
        next_even_ = due + times(*even_gap_, call.cost);
    }
    after_probe_ += call.cost;
    const bool may_be_over = is_known_ && resets_at_ && may_have_ended(call.left_at);
    if (may_be_over && surely_left(in_flight) < std::max(call.cost, scouts() + 0.5)) {
        probe_ = call.number;
        after_probe_ = in_flight;  // which may be counted after it
    }
    if (left_since_full_) *left_since_full_ += call.cost;
}

TimePoint ToldQuota::earliest(double cost, double in_flight, TimePoint now) {
    if (even_gap_) {
        const bool has_plenty = surely_left(in_flight) >= cost + plenty * *limit_;
        return has_plenty ? now : std::max(now, next_even_);
    }
    if (policy_) return policy_->earliest(cost, now);
    if (!is_known_) return now;
    const double left = surely_left(in_flight);
    if (left >= cost) {
        return left > scouts() ? now : std::max(now, turn_of_scout(left));
    }
    if (!resets_at_) return in_flight > 0 ? TimePoint::max() : now;
    if (probe_ != 0) return TimePoint::max();
    return std::max(now, after_reset(now));
}

std::optional<double> ToldQuota::left(double in_flight, TimePoint now) const {
    if (!is_known_ || (resets_at_ && now >= *resets_at_)) return std::nullopt;
    return std::max(0.0, surely_left(in_flight));
}

double ToldQuota::surely_left(double in_flight) const {
    double left = told_.empty() ? 0 : told_.front().remaining - in_flight;
    left -= untold_.cost;
    // Whoever is alone and has seen the window begin has counted along.
    if (limit_ && left_since_full_ && !is_shared_ && resets_ != Resets::postponed)
        left = std::max(left, *limit_ - *left_since_full_);
    return left;
}

/// Whether the reset is told so coarsely that it matters.
bool ToldQuota::is_coarse() const noexcept {
    return resets_at_ && window() && grain_ * coarse_part > *window() && grain_ * least_grains <= *window();
}

/// How many calls of the quota are kept to find the new window.
double ToldQuota::scouts() const noexcept {
    if (!is_coarse() || resets_ == Resets::postponed || !limit_ || *limit_ < least_for_scouts) return 0;
    if (resets_ == Resets::unknown) return 3;
    return whole_window_ ? 1 : 2;
}

/// When the next scout leaves.
TimePoint ToldQuota::turn_of_scout(double left) const noexcept {
    // Before any new window can have begun: it shows whether the reset is steady.
    if (resets_ == Resets::unknown && left > 2) return latest_reset_ - grain_ - same_reset;
    if (whole_window_) return begun_by_ + *whole_window_ + a_moment;
    const auto sooner = std::chrono::floor<std::chrono::seconds>(*resets_at_ - begun_by_);
    return begun_by_ + sooner + a_moment + (left > 1 ? Duration::zero() : Duration(1s));
}

/// How much later than told the window will begin, as far as is known.
Duration ToldQuota::lateness() const noexcept {
    if (resets_ != Resets::postponed || !is_rounded_down_ || told_.empty()) return late_;
    // It is a whole number of seconds after the last call that was counted.
    const Duration ahead = *resets_at_ - told_.front().answered;
    if (ahead <= Duration::zero()) return late_;
    return std::chrono::ceil<std::chrono::seconds>(ahead) - ahead + a_moment;
}

TimePoint ToldQuota::after_reset(TimePoint now) const noexcept {
    Duration courtesy{};
    if (limit_ && window()) {
        const Duration for_one = times(*window(), 1 / std::max(*limit_, 1.0));
        courtesy = std::min({for_one, *window() / coarse_part, longest_courtesy});
    }
    const TimePoint due = *resets_at_ + std::max(courtesy, lateness());
    return gap_ > Duration::zero() && due <= now ? std::max(due, next_probe_) : due;
}

}  // namespace plait::policy
