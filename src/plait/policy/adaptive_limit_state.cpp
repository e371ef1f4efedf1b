#include "plait/policy/adaptive_limit_state.hpp"

#include <algorithm>
#include <cmath>

namespace plait::policy {

namespace {

using internal::LatencySpread;

// The assumed round trip before the first answer. Overload after that is a new one.
constexpr Duration unknown_latency = std::chrono::seconds(1);

/// Calls in the first round: no more are sent to a server that has not answered yet.
constexpr std::size_t first_round = 32;
/// The fewest answers in a round: fewer say nothing about quintiles.
constexpr std::size_t least_round = 16;
/// A delay up to this fraction of the latency is no sign of a queue.
constexpr double no_wait = 0.1;
/// The same in the first round, in which few answers show the latency without a queue.
constexpr double no_wait_at_first = 0.5;
/// A target below this fraction of the calls in flight is a clear sign of a queue.
constexpr double clearly_less = 0.8;
/// A target below this fraction of the limit is a slight sign of a queue, and so is any delay during the climb.
constexpr double slightly_less = 0.97;
/// A look uses this fraction of the calls that the server seems to work on.
constexpr double look_share = 0.75;
/// Latency that falls below this fraction shows that there was a queue.
constexpr double fell = 0.75;
/// A server that answers at less than this fraction of its rate before the look has no queue left.
constexpr double still_busy = 0.85;
/// After this many rounds that show a queue although the limit falls, the latency without one may have changed. A
/// slight sign counts half.
constexpr double doubtful_signs = 3;
/// Near a found limit, a clean round raises it by this fraction, and each further one by as much more.
constexpr double gentle_step = 0.05;
/// Cuts in a row, each accepting fewer calls than before, that show a cut to be in vain.
constexpr int in_vain = 3;
/// A server that fails more than this fraction of the calls is spared, whether or not their number is why. The fraction
/// is an average over about `failing_over` calls.
constexpr double most_failing = 0.75;
constexpr double failing_over = 200;
/// Isolated failures that can be ignored, beside their fraction of the limit.
constexpr double most_forgiven = 4;
/// Two storms of refusals within this many round trips, with the same number accepted (to within this fraction), are
/// about that number.
constexpr double same_number_rounds = 10;
constexpr double same_number = 0.2;
/// A probe exceeds what was accepted before the overload by this fraction, and each next one by twice as much.
constexpr double first_probe_step = 1.0 / 32;
constexpr double whole_step = 0.5;

double nanoseconds(Duration time) noexcept { return static_cast<double>(time.count()); }
Duration duration(double nanoseconds) noexcept { return Duration(static_cast<Duration::rep>(nanoseconds)); }

/// Returns the least delay of all calls: a queue delays each of them. It compares the lower quintiles with the usual
/// next higher ones, so that noise in a few dozen calls is no rise.
double rise(const LatencySpread& now, const LatencySpread& usual) noexcept {
    return std::max(0.0, std::min(now.lower - usual.middle, now.middle - usual.upper));
}

/// The same by the average, as far as it exceeds the noise.
double rise_of_average(double now, double usual, const LatencySpread& spread) noexcept {
    return std::max(0.0, now - usual - 3 * (spread.upper - spread.lower));
}

void follow_down(double& usual, double now) noexcept {
    if (now < usual) usual += (now - usual) / 4;
}

}  // namespace

AdaptiveLimitState::AdaptiveLimitState(const AdaptiveLimitOptions& options, TimePoint now) noexcept
    : options_(options),
      limit_(std::clamp(options.first, options.least, options.most)),
      meter_(now),
      pause_(options.first_pause),
      ceiling_(options.most),
      probe_pause_(options.first_probe_pause),
      numb_pause_(options.first_pause) {
    begin_round(now);
}

AdaptiveLimitState::Call AdaptiveLimitState::began(TimePoint now) noexcept {
    const Call call = meter_.began(now);
    if (in_flight() >= limit()) reached_ = true;
    return call;
}

void AdaptiveLimitState::ended(const Call& call, Load load, TimePoint now, std::string_view sign) {
    meter_.ended(now);
    if (storm_ && call.round < cut_round_) --stormy_;
    if (load != Load::unknown) failing_ += ((load == Load::fine ? 0 : 1) - failing_) / failing_over;
    if (load != Load::fine) meter_.forget(call);
    if (load == Load::overloaded || load == Load::refused) overloaded(call, load == Load::refused, now, sign);
    if (load == Load::fine) {
        forgiveness_ = std::min(forgiveness_ + options_.forgiven, most_forgiven + 2 * options_.forgiven * limit_);
    }
    if (storm_ && (stormy_ == 0 || now >= storm_until_)) end_storm(now);
    if (load != Load::fine) return;
    meter_.answered(call, now);
    if (meter_.is_whole(now)) end_round(now);
}

void AdaptiveLimitState::begin_round(TimePoint now) noexcept {
    reached_ = false;
    // After the limit was doubled, the calls that can be sent at once.
    const std::size_t size = std::max(least_round, limit() / 2);
    const std::size_t first = std::max<std::size_t>(std::min(first_round, limit()), 1);
    meter_.begin(is_first_ ? first : size, is_first_, now);
}

void AdaptiveLimitState::end_round(TimePoint now) {
    Round round = meter_.results(now);
    latency_ = round.latency;
    if (looks_) {
        end_look(round, now);
    } else if (is_first_) {
        // All calls of the first round met an idle server at once. The first answers show the latency without a queue;
        // a queue delays even the fastest of the last answers.
        usual_ = round.spread;
        usual_latency_ = round.latency;
        const double late = round.late_latency;
        round.latency = std::max(late, round.latency);
        round.spread = {late, late, late};
        judge(round, std::max(0.0, late - round.early_latency), now);
    } else {
        const double of_average = climbs_ ? 0 : rise_of_average(round.latency, usual_latency_, usual_);
        judge(round, std::max(rise(round.spread, usual_), of_average), now);
    }
    is_first_ = false;
    begin_round(now);
}

void AdaptiveLimitState::judge(const Round& round, double wait, TimePoint now) {
    const double working = round.in_flight * std::max(0.0, 1 - wait / round.latency);
    const double target = enough_for(working);
    const bool waits = wait > no_wait * round.latency;
    const bool binds = round.in_flight + 1 >= clearly_less * limit_;  // otherwise something else holds calls up
    const bool shows_queue =
        target < clearly_less * round.in_flight || (is_first_ && wait > no_wait_at_first * usual_latency_);
    // No more than the first round may have been let go. Only a queue delays its last calls by more than the average.
    const bool is_long_queue = is_first_ && meter_.peak() >= first_round && wait > usual_latency_;
    const bool is_queue = shows_queue && (binds || is_long_queue);
    if (signs_ == 0) limit_before_signs_ = limit_;
    const bool falls = binds && target < limit_ - 1 && target < slightly_less * limit_;
    const bool is_slight = falls || (climbs_ && binds && waits);
    signs_ = is_queue ? signs_ + 1 : std::max(0.0, signs_ + (is_slight ? 0.5 : -0.5));
    const bool is_look_due = !climbs_ && reached_ && now >= look_at_;
    vain_cuts_ = 0;
    if ((is_queue && climbs_) || signs_ >= doubtful_signs || is_look_due) {
        begin_look(round, working * look_share);
        return;
    }
    follow_down(usual_.lower, round.spread.lower);
    follow_down(usual_.middle, round.spread.middle);
    follow_down(usual_.upper, round.spread.upper);
    if (binds && (is_queue || target < limit_)) {
        clean_rounds_ = 0;
        change_to(is_queue ? target : (limit_ + target) / 2, LimitChange::Why::latency, &round);
    } else if (reached_ || (is_first_ && meter_.peak() >= first_round)) {  // no more are sent before the first answer
        const double gentle = std::min(target, limit_ * (1 + gentle_step * ++clean_rounds_) + 1);
        const double higher = !climbs_ ? gentle : waits ? target : 2 * limit_;
        change_to(grown(std::max(limit_, higher), now), LimitChange::Why::clean, &round);
    }
}

/// Returns how many calls may be in flight at a server that works on `working`. A delay shorter than a turn of the loop
/// does no harm, and lets calls be read and written in batches.
double AdaptiveLimitState::enough_for(double working) const noexcept {
    const double harmless = nanoseconds(options_.harmless_wait) / std::max(1.0, usual_latency_);
    return working * (1 + std::max(options_.queue, harmless)) + 1;
}

/// Returns the limit, raised towards `target` as far as the ceiling allows.
double AdaptiveLimitState::grown(double target, TimePoint now) noexcept {
    target = std::min(target, options_.most);
    if (target <= ceiling_) return target;
    if (limit_ + 0.5 >= ceiling_ && now >= probe_at_) {
        ceiling_ = std::min(options_.most, ceiling_ * (1 + probe_step_) + 1);
        probe_step_ = std::min(2 * probe_step_, whole_step);
        if (probe_step_ == whole_step) probe_pause_ = options_.first_probe_pause;
    }
    return std::min(target, std::max(limit_, ceiling_));
}

void AdaptiveLimitState::begin_look(const Round& round, double level) noexcept {
    looks_ = true;
    limit_before_look_ = signs_ > 0 ? limit_before_signs_ : limit_;
    limit_at_look_ = limit_;
    before_look_ = round;
    deepest_look_ = round.spread;
    limit_ = std::max(options_.least, std::clamp(level, limit_ / 8, limit_ * look_share));
}

void AdaptiveLimitState::end_look(const Round& round, TimePoint now) {
    const bool has_fallen = round.spread.middle < fell * deepest_look_.middle;
    const bool is_busy = round.rate > still_busy * before_look_.rate;
    // An earlier look has shown this latency to be the one without a queue.
    const bool is_known = !climbs_ && round.spread.middle <= usual_.middle * (1 + no_wait);
    if (has_fallen && is_busy && !is_known && limit_ >= options_.least + 1) {
        deepest_look_ = round.spread;
        // The pace may have let fewer go.
        limit_ = std::max(options_.least, std::min(limit_, round.in_flight) / 2);
        return;
    }
    looks_ = false;
    signs_ = 0;
    usual_ = round.spread;
    usual_latency_ = round.latency;
    const double before = limit_before_look_;
    const double wait = rise(before_look_.spread, usual_);
    double to = before;
    if (wait > no_wait * round.latency) {
        climbs_ = false;
        const double working = before_look_.in_flight * round.latency / before_look_.latency;
        to = std::clamp(enough_for(working), std::min(limit_, before), before);
    }
    const bool is_news = to < before * clearly_less;
    pause_ = is_news ? options_.first_pause : std::min(2 * pause_, options_.longest_pause);
    look_at_ = now + pause_;
    limit_ = limit_at_look_;
    change_to(to, to < before ? LimitChange::Why::latency : LimitChange::Why::measured, &before_look_);
}

void AdaptiveLimitState::overloaded(const Call& call, bool is_refusal, TimePoint now, std::string_view sign) {
    const bool is_old = call.round < cut_round_;
    if (storm_ && is_old) {
        // A call sent now would meet the same.
        --accepted_;
        limit_ = std::max(options_.least, std::min(limit_, static_cast<double>(accepted_)));
    }
    if (storm_ || is_old || (now < numb_until_ && failing_ <= most_failing)) return;
    if (forgiveness_ >= 1) {
        forgiveness_ -= 1;
        return;
    }
    if (looks_) limit_ = limit_before_look_;
    looks_ = climbs_ = false;
    look_at_ = now + pause_;
    before_cut_ = limit_;
    was_alone_ = limit() == 1 && meter_.answers() > 0;
    const double base = std::min(limit_, static_cast<double>(std::max<std::size_t>(meter_.peak(), 1)));
    stormy_ = accepted_ = in_flight();
    storm_ = true;
    storm_until_ = now + (latency_ > 0 ? duration(latency_) : unknown_latency);
    is_of_refusals_ = is_refusal;
    const double least = is_refusal ? std::min(limit_, options_.least_by_refusals) : options_.least;
    half_ = std::max(std::max(options_.least, least), base * options_.overload_factor);
    change_to(half_, LimitChange::Why::overload);
    change_->sign = sign.empty() ? "overload" : sign;
    begin_round(now);
    cut_round_ = meter_.round();
}

void AdaptiveLimitState::end_storm(TimePoint now) {
    storm_ = false;
    limit_ = half_;
    const auto accepted = static_cast<double>(accepted_);
    if (vain_cuts_ == 0) before_vain_cuts_ = before_cut_;
    vain_cuts_ = is_in_vain(accepted) ? vain_cuts_ + 1 : std::max(0, vain_cuts_ - 1);
    accepted_in_storm_ = accepted;
    if (vain_cuts_ >= in_vain) {
        vain_cuts_ = 0;
        limit_ = before_vain_cuts_;
        ceiling_ = options_.most;
        climbs_ = true;
        numb_until_ = now + numb_pause_;
        numb_pause_ = std::min(2 * numb_pause_, options_.longest_pause);
        begin_round(now);
        return;
    }
    if (accepted > limit_) {
        const std::string sign = change_->sign;
        change_to(accepted, LimitChange::Why::accepted);
        change_->from = static_cast<std::size_t>(before_cut_);
        change_->sign = sign;
    }
    begin_round(now);
    if (is_of_refusals_ && !is_refused_by_number(accepted, now)) return;
    ceiling_ = limit_;
    probe_step_ = first_probe_step;
    probe_at_ = now + probe_pause_;
    probe_pause_ = std::min(2 * probe_pause_, options_.longest_pause);
}

/// Whether the storm suggests that the number in flight is not why calls fail. A server that accepts a number of calls
/// accepts as many of them after a cut as before. One that fails at random accepts fewer, and fails calls sent one by
/// one.
bool AdaptiveLimitState::is_in_vain(double accepted) const noexcept {
    if (failing_ > most_failing) return false;
    if (was_alone_) return true;
    if (accepted > half_ || vain_cuts_ == 0) return accepted > 0;
    return !is_of_refusals_ && accepted > 0 && accepted < clearly_less * accepted_in_storm_;
}

/// Whether refusals came at the same number in flight as shortly before: then the server limits that number, and not a
/// rate.
bool AdaptiveLimitState::is_refused_by_number(double accepted, TimePoint now) noexcept {
    const bool is_soon = now < refused_at_ + duration(same_number_rounds * latency_);
    const bool is_same = std::abs(accepted - accepted_before_) <= std::max(1.0, same_number * accepted);
    refused_at_ = now;
    accepted_before_ = accepted;
    return is_soon && is_same;
}

void AdaptiveLimitState::change_to(double limit, LimitChange::Why why, const Round* round) {
    const std::size_t from = this->limit();
    limit_ = std::clamp(limit, options_.least, options_.most);
    if (this->limit() == from && why != LimitChange::Why::overload) return;
    change_.emplace(why, from, this->limit());
    change_->answers = meter_.answers();
    change_->usual_latency = duration(usual_latency_);
    if (round) change_->latency = duration(round->latency);
}

}  // namespace plait::policy
