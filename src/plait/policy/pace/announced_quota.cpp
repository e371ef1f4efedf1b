#include "plait/policy/pace/announced_quota.hpp"

#include "plait/policy/pace/internal/times.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace plait::policy {

namespace {

using internal::times;

using namespace std::chrono_literals;

// The even pace stays below the announced one by this fraction, because calls arrive less evenly than they are sent.
constexpr double even_margin = 0.03;
constexpr double least_for_scouts = 10;
// The jitter of clocks and networks.
constexpr Duration a_moment = 5ms;
// A reset is coarse when it may be off by more than one part in this many of the window.
constexpr int coarse_part = 40;
// A window of fewer grains consists mostly of the time around its reset.
constexpr int least_grains = 4;
// Spending a window this short at once gains nothing.
constexpr Duration short_window = 2s;
// A quota is forgotten after this many answers in a row that don't announce it.
constexpr int answers_to_forget = 8;
// Evidence that a quota refills evenly: at least this much is used, and this many answers with very different
// remainders imply the same rate.
constexpr double least_used = 4;
constexpr double same_rate = 0.15;
constexpr int enough_of_refill = 3;
// A reset further away than this may be in milliseconds.
constexpr Duration least_doubtful = 10min;
constexpr Duration longest_courtesy = 500ms;
// A quota is full when at least this fraction is left.
constexpr double whole = 0.9;
// With more than this fraction left, calls need no even spacing.
constexpr double plenty = 0.2;
// Two resets that differ by less are the same one.
constexpr Duration same_reset = 50ms;
// After a refused probe, the next one follows after this long, then after 1.6 times as long.
constexpr Duration first_gap = 125ms;
constexpr Duration longest_gap = 10s;
constexpr double gap_growth = 1.6;

}  // namespace

void AnnouncedQuota::update(const LimitNotice& notice, const Call& call, TimePoint now) {
    if (notice.limit && *notice.limit >= 1 && std::isfinite(*notice.limit)) limit_ = notice.limit;
    update_policy(notice, call, now);
    if (!notice.remaining) return;
    last_teller_ = call.number;
    auto reset = notice.reset ? notice.reset : notice.window;
    if (notice.reset) is_in_milliseconds_ = is_in_milliseconds_ || falls_as_milliseconds(*reset, now);
    if (notice.reset && is_in_milliseconds_) reset = *reset / 1000;
    const Duration grain = notice.reset ? notice.reset_grain : Duration::zero();
    if (reset && *reset >= Duration::zero() && call.sent_at >= last_teller_sent_at_) {
        grain_ = grain;
        update_reset(now + *reset, *notice.remaining, call, now);
        look_for_refill(*reset, *notice.remaining, now);
    }
    if (*notice.remaining < 1 && limit_) used_up(reset, now);
    update_remaining(*notice.remaining, call, now);
    if (*notice.remaining < 1) used_up_for_ = call.number;
    if (call.number == probe_) end_probe(*notice.remaining, call, now);
}

/// Whether resets, read as seconds, fall by a thousand a second, as milliseconds do.
bool AnnouncedQuota::falls_as_milliseconds(Duration reset, TimePoint now) {
    if (reset < least_doubtful) return false;
    const auto before = std::exchange(doubtful_reset_, DoubtfulReset{reset, now});
    if (!before) return false;
    const Duration fell = before->reset - reset;
    const bool falls = fell >= 1s && fell > 100 * (now - before->answered_at);
    if (!falls && now - before->answered_at < 1s) doubtful_reset_ = before;  // a longer interval is surer
    if (falls) resets_at_.reset();
    return falls;
}

/// If resets are as far away as the quota is used, it refills evenly. Then spend it evenly once it is used up.
void AnnouncedQuota::look_for_refill(Duration reset, double remaining, TimePoint now) {
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

/// Nothing is left. From then on, spend a short window of known length evenly.
void AnnouncedQuota::used_up(std::optional<Duration> reset, TimePoint now) {
    // In a window of a few grains, a reset says little. Obey it twice: by then, the longest one seen is the length, or
    // the length rounded up.
    if (reset && grain_ * least_grains > window().value_or(*reset)) {
        longest_short_ = std::max(longest_short_, *reset);
        if (now >= used_up_until_) ++times_used_up_;
        used_up_until_ = std::max(used_up_until_, now + *reset);
        if (times_used_up_ > 2 && !announced_window_) {
            const Duration whole_seconds = std::chrono::floor<std::chrono::seconds>(longest_short_);
            seen_window_ = std::max(whole_seconds, Duration(1s));
            is_window_exact_ = true;
        }
    }
    const bool is_sure = announced_window_ || is_window_exact_;
    // After a burst, a sliding window accepts nothing before its reset.
    if (is_sure && *window() <= short_window) become_even(now + reset.value_or(*window()));
}

void AnnouncedQuota::update_policy(const LimitNotice& notice, const Call& call, TimePoint now) {
    if (!limit_ || !notice.window || *notice.window <= Duration::zero()) return;
    announced_window_ = notice.window;
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

void AnnouncedQuota::update_remaining(double remaining, const Call& call, TimePoint now) {
    is_known_ = true;
    answers_without_ = 0;
    policy_.reset();
    if (call.sent_at > last_teller_sent_at_) {
        last_teller_sent_at_ = call.sent_at;
        while (!recent_.empty() && recent_.front().answered <= last_teller_sent_at_) recent_.pop_front();
        if (unanswered_.last_ended <= last_teller_sent_at_) unanswered_ = {};
    }
    // An older answer that is not smaller is never the smallest again.
    while (!recent_.empty() && recent_.back().remaining >= remaining) recent_.pop_back();
    recent_.push_back({now, remaining});
    if (left_since_full_ && limit_ && remaining < *limit_ - *left_since_full_ - 0.5) is_shared_ = true;
}

void AnnouncedQuota::update_reset(TimePoint reset, double remaining, const Call& call, TimePoint now) {
    if (!resets_at_) {
        resets_at_ = latest_reset_ = reset;
        first_answer_at_ = begun_by_ = now;
        seen_window_ = reset - now;
        return;
    }
    if (old_reset_stands_) {
        old_reset_stands_ = call.number != probe_;
        if (old_reset_stands_) return;
    }
    const bool is_apart = now - first_answer_at_ > 2 * (grain_ + same_reset);
    if (is_same_reset(reset)) {
        // A refused call may not postpone the reset.
        if (is_apart && remaining >= 1) resets_ = Resets::steady;
        resets_at_ = std::min(*resets_at_, reset);
        latest_reset_ = std::max(latest_reset_, reset);
        return;
    }
    // More is left than before: a call that left before the reset was counted after it.
    const bool was_counted_after = may_have_ended(now) && !recent_.empty() && remaining > recent_.front().remaining;
    const bool is_over = may_have_ended(call.sent_at) || was_counted_after;
    if (!is_over && is_apart && reset > latest_reset_) {
        const bool is_news = resets_ != Resets::postponed;
        resets_ = Resets::postponed;
        seen_window_ = std::max(*seen_window_, reset - now);
        // What was sent before may come back at the old reset: it is still worth a probe.
        old_reset_stands_ = is_news;
        if (is_news) return;
    }
    if (is_over) begin_window(reset, remaining, call, now);
    resets_at_ = latest_reset_ = reset;
    first_answer_at_ = now;
}

/// Whether the window may be over at this time, judging by its announced resets.
bool AnnouncedQuota::may_have_ended(TimePoint time) const noexcept {
    // In whole seconds, answers disagree by the rounding, and the latest counts. Otherwise they disagree by their
    // latency.
    return time >= (grain_ > same_reset ? latest_reset_ : *resets_at_) - grain_;
}

/// Whether a reset is the one of this window.
bool AnnouncedQuota::is_same_reset(TimePoint reset) const noexcept {
    const Duration tolerance = std::min(grain_, window().value_or(grain_) / 2) + same_reset;
    return reset <= *resets_at_ + tolerance && reset >= latest_reset_ - tolerance;
}

/// Begins a new window with its first answer.
void AnnouncedQuota::begin_window(TimePoint reset, double remaining, const Call& call, TimePoint now) {
    const Duration since_reset = call.sent_at - *resets_at_;
    late_ = std::clamp(since_reset, Duration::zero(), grain_);
    const bool was_idle = since_reset > *window() / 2;
    const Duration seen = reset - *resets_at_;
    const bool is_exact = resets_ == Resets::steady && seen > *seen_window_ / 2;
    if (!was_idle) {
        seen_window_ = is_exact ? seen : std::max(*seen_window_, seen);
        is_window_exact_ = is_exact;
    }
    const auto length = std::chrono::floor<std::chrono::seconds>(call.sent_at - begun_by_);
    const bool was_expected = call.sent_at - begun_by_ - length < same_reset;
    whole_window_ = was_expected ? std::optional<Duration>(length) : std::nullopt;
    begun_by_ = now;
    left_since_full_.reset();
    if (!limit_ || *limit_ < least_for_scouts || !window() || resets_ != Resets::steady || is_shared_) return;
    if (was_idle || remaining >= *limit_ / 2) return;
    become_even(now);
}

/// Spends the quota evenly from `begin` on.
void AnnouncedQuota::become_even(TimePoint begin) {
    if (even_gap_) return;
    even_gap_ = times(*window(), 1 / (*limit_ * (1 - even_margin)));
    next_even_ = begin + *even_gap_;
}

/// Takes in the answer to the probe after a reset.
void AnnouncedQuota::end_probe(double remaining, const Call& call, TimePoint now) {
    old_reset_stands_ = false;
    if (remaining < call.cost) {
        is_rounded_down_ = is_rounded_down_ || (grain_ > same_reset && resets_at_ && call.sent_at >= *resets_at_);
        gap_ = gap_ == Duration::zero() ? first_gap : std::min(times(gap_, gap_growth), longest_gap);
        next_probe_ = now + gap_;
        return;
    }
    gap_ = Duration::zero();
    if (limit_ && remaining + call.cost >= *limit_ * whole) left_since_full_ = *limit_ - remaining + after_probe_;
}

void AnnouncedQuota::asked_to_wait_until(TimePoint time) noexcept {
    if (resets_at_ && *resets_at_ > time) resets_at_ = latest_reset_ = time;
}

void AnnouncedQuota::ended(const Call& call, bool is_answered, TimePoint now) {
    if (call.number == probe_) probe_ = 0;
    if (call.number == last_teller_ || !is_known_) return;
    if (!is_answered) {
        unanswered_.cost += call.cost;
        unanswered_.last_ended = now;
        return;
    }
    // A call answered without the quota did not count against it. After several such answers, the quota is gone.
    const bool is_over = !resets_at_ || now >= *resets_at_;
    if (++answers_without_ < answers_to_forget || !is_over) return;
    is_known_ = false;
    recent_.clear();
    unanswered_ = {};
    even_gap_.reset();
    resets_at_.reset();
    left_since_full_.reset();
}

void AnnouncedQuota::sent(const Call& call, double in_flight) {
    if (policy_) policy_->take(call.cost, call.sent_at);
    if (even_gap_) {
        // A burst, sent while plenty was left, delays the even pace by one call only.
        const TimePoint due = std::clamp(next_even_, call.sent_at, call.sent_at + *even_gap_);
        next_even_ = due + times(*even_gap_, call.cost);
    }
    after_probe_ += call.cost;
    const bool may_be_over = is_known_ && resets_at_ && may_have_ended(call.sent_at);
    if (may_be_over && surely_left(in_flight) < std::max(call.cost, scouts() + 0.5)) {
        probe_ = call.number;
        after_probe_ = in_flight;  // calls that may be counted after it
    }
    if (left_since_full_) *left_since_full_ += call.cost;
}

TimePoint AnnouncedQuota::earliest(double cost, double in_flight, TimePoint now) {
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

std::optional<double> AnnouncedQuota::left(double in_flight, TimePoint now) const {
    if (!is_known_ || (resets_at_ && now >= *resets_at_)) return std::nullopt;
    return std::max(0.0, surely_left(in_flight));
}

double AnnouncedQuota::surely_left(double in_flight) const {
    double left = recent_.empty() ? 0 : recent_.front().remaining - in_flight;
    left -= unanswered_.cost;
    // A client that is alone and saw the window begin knows by its own count.
    if (limit_ && left_since_full_ && !is_shared_ && resets_ != Resets::postponed)
        left = std::max(left, *limit_ - *left_since_full_);
    return left;
}

/// Whether the reset is so coarse that it matters.
bool AnnouncedQuota::is_coarse() const noexcept {
    return resets_at_ && window() && grain_ * coarse_part > *window() && grain_ * least_grains <= *window();
}

/// Returns how many calls of the quota are kept back as scouts.
double AnnouncedQuota::scouts() const noexcept {
    if (!is_coarse() || resets_ == Resets::postponed || !limit_ || *limit_ < least_for_scouts) return 0;
    if (resets_ == Resets::unknown) return 3;
    return whole_window_ ? 1 : 2;
}

/// Returns when the next scout is sent.
TimePoint AnnouncedQuota::turn_of_scout(double left) const noexcept {
    // This one shows whether the reset is steady: as soon as its answer can tell, because it may postpone the reset,
    // and before a new window can have begun.
    if (resets_ == Resets::unknown && left > 2) {
        const TimePoint tells = first_answer_at_ + 2 * (grain_ + same_reset) + a_moment;
        return std::min(tells, latest_reset_ - grain_ - same_reset);
    }
    if (whole_window_) return begun_by_ + *whole_window_ + a_moment;
    const auto sooner = std::chrono::floor<std::chrono::seconds>(*resets_at_ - begun_by_);
    return begun_by_ + sooner + a_moment + (left > 1 ? Duration::zero() : Duration(1s));
}

/// Returns how long after the announced reset the next window begins, as far as is known.
Duration AnnouncedQuota::lateness() const noexcept {
    if (resets_ != Resets::postponed || !is_rounded_down_ || recent_.empty()) return late_;
    // It begins a whole number of seconds after the last call that was counted.
    const Duration ahead = *resets_at_ - recent_.front().answered;
    if (ahead <= Duration::zero()) return late_;
    return std::chrono::ceil<std::chrono::seconds>(ahead) - ahead + a_moment;
}

TimePoint AnnouncedQuota::after_reset(TimePoint now) const noexcept {
    Duration courtesy{};
    if (limit_ && window()) {
        const Duration for_one = times(*window(), 1 / std::max(*limit_, 1.0));
        courtesy = std::min({for_one, *window() / coarse_part, longest_courtesy});
    }
    const TimePoint due = *resets_at_ + std::max(courtesy, lateness());
    return gap_ > Duration::zero() && due <= now ? std::max(due, next_probe_) : due;
}

}  // namespace plait::policy
