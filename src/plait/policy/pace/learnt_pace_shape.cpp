#include "plait/policy/pace/internal/learnt_windows.hpp"
#include "plait/policy/pace/internal/times.hpp"
#include "plait/policy/pace/learnt_pace.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

// What refusals say of the kind of a limit, its window and its rate.
namespace plait::policy {

namespace {

using internal::gap_growth;
using internal::in_seconds;
using internal::many_probes;
using internal::narrow;
using internal::times;

using namespace std::chrono_literals;

// A cycle that accepts this fraction of the last one confirms it.
constexpr double agrees = 0.7;
// A cycle that accepts this many times as much as the last one contradicts it.
constexpr double far_beyond = 3;
// Using a window this short at once gains nothing.
constexpr Duration short_window = 2s;
// This many calls measure the rate of a bucket; fewer only bound it.
constexpr double least_evidence = 8;
constexpr double below_measured = 0.98;
constexpr double below_agreed = 0.99;
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

}  // namespace

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
    needs_quiet_ = false;
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
    rate_ = std::min(before, measured) * (agrees_again ? below_agreed : below_measured);
    // A refusal only a few calls after another says that the limit is still used up, not how high it is.
    if (!is_good) rate_ = std::max(rate_, before * (is_proved_ ? 0.95 : 1.0 / 3));
    if (!is_good && !is_proved_ && before > refused_rate_) rate_ = std::max(rate_, refused_rate_ * below_measured);
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

}  // namespace plait::policy
