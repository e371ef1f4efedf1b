#include "plait/policy/pace/learnt_pace.hpp"

#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/internal/learnt_windows.hpp"
#include "plait/policy/pace/internal/times.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plait::policy {

namespace {

using internal::gap_growth;
using internal::in_seconds;
using internal::many_probes;
using internal::narrow;
using internal::times;

using namespace std::chrono_literals;

constexpr double bucket_gap_growth = 2;
constexpr Duration longest_rounding = 1s;
// At least this many calls sent after a refused one, and half of those in flight then, decide whether refusals are
// random.
constexpr int enough_to_decide = 4;
// When trying more than is known to be accepted, at most this fraction of it is in flight.
constexpr double small_share = 0.1;
constexpr double most_by_number = 20;
constexpr int longest_crossing_pause = 32;
constexpr double like_before = 0.7;
// Send times kept of each cycle.
constexpr std::size_t most_remembered = 1000;

Duration seconds(double count) noexcept { return times(1s, std::min(count, 1e6)); }

}  // namespace

TimePoint LearntPace::earliest(TimePoint now) {
    if (suspect_) return while_suspected(now);
    if (phase_ == Phase::open) return now;
    if (phase_ == Phase::silent) return probe_ != 0 ? TimePoint::max() : std::max(now, next_probe_);
    // In small flights: most of a large one would be refused, beyond what is known or after a silence.
    const double flight = std::max(2.0, std::max(quota_, accepted_) * small_share);
    const bool goes_beyond = left_ >= quota_ && left_ < accepted_ + std::clamp(accepted_ - known_, 1.0, flight);
    const double may_have_left = std::min({2 * accepted_ + 1, accepted_ + flight, quota_});
    if (phase_ == Phase::returning) return by_answers(now, goes_beyond || left_ < may_have_left);
    if (shape_ == Shape::bucket) {
        held_back_ = held_back_ || even_ > now;
        return std::max(now, even_);
    }
    // A sliding window accepts a call when its counterpart in the last cycle has left the window.
    const std::size_t place = this_cycle_.size();
    if (left_ < quota_ && place < last_cycle_.size()) {
        const Duration behind = last_cycle_[place] - last_cycle_.front();
        const TimePoint slides = *cycle_begin_ + behind + times(window_hi_, narrow / 6);
        if (slides > now) return slides;
    }
    if (left_ < quota_) return short_cycles_ == 0 ? now : by_answers(now, left_ < may_have_left);
    if (crosses_) return by_answers(now, goes_beyond);
    wait_for_window(now);
    return std::max(now, next_probe_);
}

/// The calls sent after the refused one decide whether there is a limit. Until then, nothing is sent.
TimePoint LearntPace::while_suspected(TimePoint now) {
    if (suspect_->accepted > suspect_->refused || in_flight_ == 0) return now;
    if (suspect_->refused > 0) return TimePoint::max();
    const TimePoint patience = suspect_->since + options_.first_gap;
    return std::max(now, patience);
}

/// Returns now, or the end of time: when a call in flight has ended.
TimePoint LearntPace::by_answers(TimePoint now, bool may_go) const noexcept {
    return may_go || in_flight_ == 0 ? now : TimePoint::max();
}

/// The window should be used up: the next call is a probe.
void LearntPace::wait_for_window(TimePoint now) {
    phase_ = Phase::silent;
    by_refusal_ = false;
    wait_was_given_ = false;
    probes_refused_ = 0;
    silence_number_ = last_number_;
    silence_began_ = now;
    gap_ = Duration(10ms);
    next_probe_ = *cycle_begin_ + window_to_try();
    if (needs_quiet_) next_probe_ = now + window_to_try();
    // Try once whether it was the probes that kept the window closed.
    tries_quiet_ = quiet_hi_ > Duration::zero() && now + quiet_hi_ < *cycle_begin_ + window_lo_;
    if (tries_quiet_) next_probe_ = now + times(quiet_hi_, 1 + narrow / 6);
    quiet_hi_ = Duration::zero();
}

void LearntPace::sent(const Call& call, TimePoint now) {
    last_number_ = call.number;
    ++in_flight_;
    ++left_;
    if (!cycle_begin_) {
        cycle_begin_ = now;
        cycle_first_ = call.number;
    }
    if (phase_ == Phase::silent) probe_ = call.number;
    if (phase_ != Phase::silent && this_cycle_.size() < most_remembered) this_cycle_.push_back(now);
    if (shape_ == Shape::bucket) even_ = std::max(even_, now) + seconds(1 / rate_);
}

void LearntPace::accepted(const Call& call, TimePoint now) {
    --in_flight_;
    if (phase_ == Phase::silent && call.number > silence_number_) return resume(call, now);
    if (call.number < cycle_first_) return;
    ++accepted_;
    ++since_onset_;
    if (suspect_ && call.number > suspect_->first.number) ++suspect_->accepted;
    if (suspect_) confirm_or_clear(now);
    if (phase_ == Phase::flowing && shape_ == Shape::bucket) grow_bucket(call, now);
    if (phase_ == Phase::flowing && shape_ == Shape::window && accepted_ > quota_) {
        quota_ = accepted_;  // more was accepted than was known
        crossing_pause_ = 1;
    }
}

void LearntPace::dropped(const Call& call, TimePoint now) {
    --in_flight_;
    if (call.number == probe_) {
        probe_ = 0;
        next_probe_ = std::max(next_probe_, now + options_.first_gap);
    }
    if (suspect_) confirm_or_clear(now);
}

void LearntPace::refused(const Call& call, std::optional<Duration> wait, TimePoint now) {
    --in_flight_;
    if (is_by_number_ && !wait && ++refused_by_number_ <= std::max(most_by_number, accepted_)) return;
    is_by_number_ = false;
    if (call.number < cycle_first_) return;
    last_refused_sent_at_ = std::max(last_refused_sent_at_, call.sent_at);
    if (phase_ == Phase::silent) {
        if (call.number > silence_number_) return probe_refused(wait, now);
        if (wait) next_probe_ = std::max(next_probe_, now + *wait);
        wait_was_given_ = wait_was_given_ || wait;
        return;
    }
    if (phase_ != Phase::open || wait) return fall_silent(call, wait, now);
    if (!suspect_) {
        suspect_ = Suspicion{call, now, in_flight_, 0, 0};
    } else if (call.number > suspect_->first.number) {
        ++suspect_->refused;
    }
    confirm_or_clear(now);
}

void LearntPace::ran_out(const Call& call, TimePoint now) {
    if (call.number < cycle_first_ || phase_ == Phase::silent) return;
    if (phase_ == Phase::flowing && shape_ == Shape::bucket) return;  // a bucket refills meanwhile
    fall_silent(call, std::nullopt, now);
    by_refusal_ = false;
}

/// A call was refused while no limit is known: decides whether there is one.
void LearntPace::confirm_or_clear(TimePoint now) {
    const int told = suspect_->accepted + suspect_->refused;
    const bool is_half = in_flight_ <= suspect_->in_flight / 2;
    if ((told < enough_to_decide || !is_half) && in_flight_ > 0) return;
    const Call first = suspect_->first;
    // Answers overtake each other, which can look like random refusals once, but not twice in a row.
    const bool is_once_more = now - last_cleared_ < longest_rounding;
    const bool is_random = suspect_->accepted > (is_once_more ? 3 : 1) * suspect_->refused;
    if (is_random) last_cleared_ = now;
    suspect_.reset();
    if (!is_random) fall_silent(first, std::nullopt, now);
}

void LearntPace::fall_silent(const Call& call, std::optional<Duration> wait, TimePoint now) {
    suspect_.reset();
    if (shape_ == Shape::bucket) measure_bucket(call.sent_at);
    onset_ = call.sent_at;
    grown_at_ = now;
    since_onset_ = 0;
    clean_ = 0;
    if (shape_ == Shape::window) {
        // More was tried and refused: the known quota is right, so try less often.
        if (crosses_) crossing_pause_ = std::min(crossing_pause_ * 2, longest_crossing_pause);
        until_crossing_ = crossing_pause_;
    }
    phase_ = Phase::silent;
    by_refusal_ = true;
    wait_was_given_ = wait.has_value();
    probes_refused_ = 0;
    probe_ = 0;
    silence_number_ = last_number_;
    silence_began_ = now;
    gap_ = gap_to_begin_with(now);
    next_probe_ = now + (wait && *wait > Duration::zero() ? *wait : gap_);
}

Duration LearntPace::gap_to_begin_with(TimePoint now) {
    // If the refused call counts, too, two calls have to expire.
    if (shape_ == Shape::bucket) return std::clamp(seconds(2 / rate_), Duration(10ms), options_.longest_gap);
    if (shape_ == Shape::window) return std::max(*cycle_begin_ + window_to_try() - now, Duration(10ms));
    if (needs_quiet_) return window_hi_;
    // As much was let in as before a silence that outlived many probes, so this is no bucket. Try at once whether it
    // was the probes that kept the window closed.
    tries_quiet_ = quiet_hi_ > Duration::zero() && accepted_ >= quota_ * like_before;
    return tries_quiet_ ? times(quiet_hi_, 1 + narrow / 6) : options_.first_gap;
}

void LearntPace::probe_refused(std::optional<Duration> wait, TimePoint now) {
    probe_ = 0;
    ++probes_refused_;
    wait_was_given_ = wait.has_value();
    if (std::exchange(tries_quiet_, false) && !wait) {
        probes_refused_ = 0;
        if (shape_ == Shape::unknown) gap_ /= 2;
        next_probe_ = now + gap_;
        if (shape_ == Shape::window) next_probe_ = std::max(next_probe_, *cycle_begin_ + window_to_try());
        return;
    }
    if (shape_ == Shape::window && probes_refused_ == 1) {
        const Duration refused_after = last_refused_sent_at_ - *cycle_begin_;
        window_lo_ = std::max(window_lo_, refused_after);
        // Narrow steps around the known length, then wider ones in case it is wrong.
        gap_ = std::max({times(window_hi_, narrow), (window_hi_ - window_lo_) / 2, Duration(10ms)});
    } else {
        const double longer = shape_ == Shape::bucket ? bucket_gap_growth : gap_growth;
        gap_ = std::min(times(gap_, longer), options_.longest_gap);
    }
    if (needs_quiet_) gap_ = std::max(gap_, window_hi_);
    // A requested wait that ends in another refusal was rounded down.
    next_probe_ = now + std::max(wait.value_or(gap_), std::min(gap_, longest_rounding));
}

Duration LearntPace::window_to_try() const noexcept {
    if (window_hi_ - window_lo_ <= times(window_hi_, narrow)) return times(window_hi_, 1 + narrow / 6);
    return window_lo_ + (window_hi_ - window_lo_) / 2;
}

/// A probe was accepted: ends a cycle and begins the next one.
void LearntPace::resume(const Call& probe, TimePoint now) {
    probe_ = 0;
    // A bucket accepts one call after another. What stays closed for longer is no bucket.
    const bool was_long = probes_refused_ >= many_probes - 1 && in_seconds(now - silence_began_) > 10 / rate_;
    if (shape_ == Shape::bucket && was_long) forget();
    if (accepted_ == 0) {
        forget();
        phase_ = Phase::open;
    } else if (shape_ != Shape::bucket) {
        const Duration hi = probe.sent_at - *cycle_begin_;
        const bool is_bounded = !wait_was_given_ && last_refused_sent_at_ > *cycle_begin_;
        learn_window(is_bounded ? last_refused_sent_at_ - *cycle_begin_ : Duration::zero(), hi);
        // A requested wait needs no narrowing down.
        if (wait_was_given_) window_lo_ = std::max(window_lo_, times(window_hi_, 1 - narrow));
    }
    last_cycle_ = std::exchange(this_cycle_, {probe.sent_at});
    cycle_begin_ = probe.sent_at;
    cycle_first_ = probe.number;
    left_ = static_cast<double>(last_number_ - probe.number + 1);
    accepted_ = 1;
    since_onset_ += 1;
    if (phase_ == Phase::open) return;
    if (shape_ == Shape::unknown) {
        known_ = quota_;
        phase_ = Phase::returning;
        return;
    }
    phase_ = Phase::flowing;
    if (shape_ == Shape::bucket) {
        even_ = now + seconds(1 / rate_);
    } else {
        known_ = quota_;
        crosses_ = until_crossing_ <= 0;
        --until_crossing_;
    }
}

void LearntPace::forget() noexcept {
    shape_ = Shape::unknown;
    needs_quiet_ = false;
    quota_ = 0;
    onset_.reset();
    since_onset_ = 0;
}

std::optional<TimePoint> LearntPace::silent_since() const noexcept {
    if (phase_ != Phase::silent || !by_refusal_ || wait_was_given_) return std::nullopt;
    return silence_began_;
}

std::optional<RateLimit> LearntPace::limit() const {
    if (shape_ == Shape::window) return RateLimit(requests_unit, quota_, window_hi_);
    if (shape_ != Shape::bucket) return std::nullopt;
    // Per second, or per as many seconds as one call takes.
    const double length = std::max(1.0, std::ceil(1 / rate_));
    return RateLimit(requests_unit, rate_ * length, seconds(length));
}

}  // namespace plait::policy
