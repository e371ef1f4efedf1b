#include "plait/policy/pace/learnt_pace.hpp"

#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/internal/times.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plait::policy {

namespace {

using internal::times;

using namespace std::chrono_literals;

constexpr double gap_growth = 1.4;
constexpr double bucket_gap_growth = 2;
constexpr Duration longest_rounding = 1s;
// This many calls sent after a refused one decide whether refusals are random.
constexpr int enough_to_decide = 4;
// A cycle that accepts this fraction of the last one confirms it.
constexpr double agrees = 0.7;
// When trying more than is known to be accepted, at most this fraction of it is in flight.
constexpr double small_share = 0.1;
// A cycle that accepts this many times as much as the last one contradicts it.
constexpr double far_beyond = 3;
constexpr double most_by_number = 20;
// The length of a window is known well enough to within this fraction.
constexpr double narrow = 0.03;
// Using a window this short at once gains nothing.
constexpr Duration short_window = 2s;
constexpr int longest_crossing_pause = 32;
// After this many refused probes, the probes themselves may have kept the window closed.
constexpr int many_probes = 5;
// Send times kept of each cycle.
constexpr std::size_t most_remembered = 1000;

// This many calls measure the rate of a bucket; fewer only bound it.
constexpr double least_evidence = 8;
constexpr double below_measured = 0.98;
constexpr double first_step = 0.02;
constexpr double step_growth = 1.5;
constexpr double longest_step = 0.25;
// A guessed rate grows quickly until it is refused.
constexpr double guess_growth = 1.25;
constexpr double guess_stride = 3;
constexpr double stride = 10;
// How long a measured rate is kept before a higher one is tried; doubles each time it proves right.
constexpr Duration weak_trust = 1s;
constexpr Duration first_trust = 5s;
constexpr Duration longest_trust = 2min;
constexpr double agreement = 0.1;

double in_seconds(Duration duration) noexcept { return std::chrono::duration<double>(duration).count(); }

Duration seconds(double count) noexcept { return times(1s, std::min(count, 1e6)); }

}  // namespace

TimePoint LearntPace::earliest(TimePoint now) {
    if (suspect_) return while_suspected(now);
    if (phase_ == Phase::open) return now;
    if (phase_ == Phase::silent) return probe_ != 0 ? TimePoint::max() : std::max(now, next_probe_);
    // In small flights: most of a large one would be refused, beyond what is known or after a silence.
    const double flight = std::max(2.0, std::max(quota_, accepted_) * small_share);
    const bool goes_beyond = left_ >= quota_ && left_ < accepted_ + std::clamp(accepted_ - quota_, 1.0, flight);
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
        suspect_ = Suspicion{call, now, 0, 0};
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
    if (told < enough_to_decide && in_flight_ > 0) return;
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

Duration LearntPace::gap_to_begin_with(TimePoint now) const {
    // If the refused call counts, too, two calls have to expire.
    if (shape_ == Shape::bucket) return std::clamp(seconds(2 / rate_), Duration(10ms), options_.longest_gap);
    if (shape_ == Shape::window) return std::max(*cycle_begin_ + window_to_try() - now, Duration(10ms));
    if (needs_quiet_) return window_hi_;
    return options_.first_gap;
}

void LearntPace::probe_refused(std::optional<Duration> wait, TimePoint now) {
    probe_ = 0;
    ++probes_refused_;
    wait_was_given_ = wait.has_value();
    if (std::exchange(tries_quiet_, false) && !wait) {
        probes_refused_ = 0;
        next_probe_ = std::max(now + gap_, *cycle_begin_ + window_to_try());
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
        phase_ = Phase::returning;
        return;
    }
    phase_ = Phase::flowing;
    if (shape_ == Shape::bucket) {
        even_ = now + seconds(1 / rate_);
    } else {
        crosses_ = until_crossing_ <= 0;
        --until_crossing_;
    }
}

/// Learns from a cycle that accepted `accepted_` calls: the limit was still closed `lo` after its beginning, and open
/// after `hi`.
void LearntPace::learn_window(Duration lo, Duration hi) {
    if (shape_ == Shape::unknown && quota_ == 0) {
        quota_ = accepted_;
        window_lo_ = lo;
        window_hi_ = hi;
        quiet_hi_ = probes_refused_ >= many_probes ? hi - lo : Duration::zero();
        return;
    }
    if (std::exchange(tries_quiet_, false) && hi < window_lo_) {
        // It opened sooner than it was seen closed the last time: the probes had kept it closed.
        needs_quiet_ = true;
        window_hi_ = hi;
        window_lo_ = times(hi, 1 / gap_growth);
    }
    if (lo > window_hi_) {  // the window began before the first call, so its first end says nothing
        window_lo_ = lo;
        window_hi_ = hi;
    }
    if (shape_ == Shape::unknown) return learn_shape(hi);
    if (by_refusal_ && accepted_ < quota_ * agrees) {
        // Less than was known. Twice in a row, this is no plain window: it is a sliding counter, or shared with other
        // clients, or its quota was lowered.
        if (++short_cycles_ > 1) {
            become_bucket(below_measured * quota_ / in_seconds(window_hi_));
            is_measured_ = true;
            trust_ = weak_trust;
        }
    } else {
        if (by_refusal_) quota_ = accepted_;
        short_cycles_ = 0;
    }
    window_hi_ = hi < window_hi_ || probes_refused_ > 0 ? hi : window_hi_;
    window_lo_ = std::min(std::max(window_lo_, lo), times(window_hi_, 1 - narrow / 2));
}

/// Learns from the second cycle, which tells the kinds of limits apart.
void LearntPace::learn_shape(Duration hi) {
    const double first_rate = quota_ / in_seconds(window_hi_);
    if (accepted_ >= quota_ * far_beyond && !wait_was_given_) {
        // Far more than the first time, and in small flights: the server had refused the number in flight. That is a
        // matter for the adaptive limit. Nothing is learnt here, as long as more calls are accepted than refused.
        is_by_number_ = true;
        refused_by_number_ = 0;
        forget();
        phase_ = Phase::open;
        return;
    }
    if (accepted_ >= quota_ * agrees) {
        shape_ = Shape::window;
        short_cycles_ = 1;  // until another cycle has confirmed it
        quota_ = std::max(accepted_, quota_);
        window_hi_ = std::min(window_hi_, hi);
        window_lo_ = std::min(window_lo_, times(window_hi_, 1 - narrow));
        until_crossing_ = crossing_pause_;
        if (window_hi_ > short_window) return;
        become_bucket(below_measured * quota_ / in_seconds(window_hi_));
        is_measured_ = window_lo_ > window_hi_ / 2;  // otherwise, nobody has tried more
        return;
    }
    // Between two refusals, a bucket accepts what it refills. If several probes were refused, it is a slow bucket or a
    // sliding window: try the faster rate of the two.
    const double refill = (accepted_ + 0.5) / std::max(in_seconds(hi), 1e-3);
    if (window_lo_ <= window_hi_ / 3) return become_bucket(refill);
    become_bucket(std::max(refill, first_rate));
    is_measured_ = true;
    trust_ = weak_trust;
    // A window that was closed for this long accepts no more than this.
    refused_rate_ = quota_ / in_seconds(window_lo_);
    step_ = longest_step;
}

void LearntPace::become_bucket(double rate) {
    shape_ = Shape::bucket;
    rate_ = rate;
    step_ = first_step;
    trust_ = first_trust;
    clean_rate_ = 0;
    refused_rate_ = 0;
    is_measured_ = is_proved_ = false;
}

/// Measures the rate when an even pace is refused at `onset`. What was accepted since the last refusal is what the
/// limit grants in that time, if it was used up at both ends; otherwise, the last rate that was accepted for a while
/// counts.
void LearntPace::measure_bucket(TimePoint onset) {
    const double time = std::max(in_seconds(onset - onset_.value_or(onset)), 1e-3);
    const double measured = std::max((since_onset_ + 0.5) / time, std::exchange(clean_rate_, 0));
    const double before = rate_;
    const bool is_good = since_onset_ >= least_evidence;
    const bool agrees_again = is_good && is_measured_ && std::abs(before - measured) < before * agreement;
    rate_ = std::min(before, measured) * below_measured;
    // A refusal only a few calls after another says that the limit is still used up, not how high it is.
    if (!is_good) rate_ = std::max(rate_, before * (is_proved_ ? 0.95 : 1.0 / 3));
    if (is_good) refused_rate_ = before;
    is_proved_ = is_proved_ || is_good;
    if (agrees_again) {
        trust_ = std::min(2 * trust_, longest_trust);
    } else if (is_good || !is_proved_) {
        trust_ = is_good ? first_trust : weak_trust;
    }
    step_ = first_step;
    is_measured_ = true;
}

void LearntPace::grow_bucket(const Call& call, TimePoint now) {
    if (call.number <= grown_by_) return;  // it says nothing about the current rate
    ++clean_;
    if (!held_back_ || clean_ < (is_measured_ ? stride : guess_stride)) return;
    if (is_measured_ && now - grown_at_ < trust_) return;
    clean_ = 0;
    held_back_ = false;
    grown_by_ = last_number_;
    grown_at_ = now;
    clean_rate_ = rate_;
    if (!is_measured_) {
        rate_ *= guess_growth;
        return;
    }
    // Grow faster the longer nothing is refused, but slowly around a rate that was refused.
    const bool is_near = rate_ > refused_rate_ * 0.95 && rate_ < refused_rate_ * 1.1;
    rate_ *= 1 + (is_near ? first_step : step_);
    step_ = is_near ? first_step : std::min(step_ * step_growth, longest_step);
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
