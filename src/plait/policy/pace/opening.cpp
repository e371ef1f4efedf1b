#include "plait/policy/pace/opening.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace plait::policy {

namespace {

using namespace std::chrono_literals;

// `time` ms after the first answer, this many calls beyond the first look may have been sent:
// `steepness * (2^(time / doubling + (time / bend)^2) - 1)`: 128 after 12 ms, thousands after 40.
constexpr double steepness = 72;
constexpr double doubling = 8;
constexpr double bend = 1e3;
constexpr Duration open_wide = 350ms;

// When one call is refused, all that wait for their answers may be. So no more of them wait than a share of the calls
// that were answered. At a near server another round trip costs little, and the share is small: a sixth at 30 ms, as
// many at 55 ms, four times as many at 90 ms. Many answers permit half as many.
constexpr std::uint64_t least_unanswered = 6;
constexpr double as_many_as_answered = 55;  // milliseconds
constexpr double share_growth = 3;
constexpr std::uint64_t answered_before_more = 40;

/// Returns when, after the first answer, the next call beyond these may be sent.
Duration time_of(double beyond) noexcept {
    const double doublings = std::log2(beyond / steepness + 1);
    const double a = 1 / (bend * bend);
    const double b = 1 / doubling;
    const double ms = (std::sqrt(b * b + 4 * a * doublings) - b) / (2 * a);
    return Duration(static_cast<Duration::rep>(ms * 1e6));
}

std::uint64_t most_unanswered(std::uint64_t answered, double latency) noexcept {
    const double share = std::min(std::pow(latency / as_many_as_answered, share_growth), 1e3);
    const std::uint64_t half = (answered - std::min(answered, answered_before_more)) / 2;
    return std::max({least_unanswered, half, static_cast<std::uint64_t>(static_cast<double>(answered) * share)});
}

}  // namespace

TimePoint Opening::earliest(TimePoint now) noexcept {
    if (is_over_ || left_ < options_.first_look) return now;
    if (opened_at_ == TimePoint::max()) {
        const TimePoint patient_until = first_sent_at_ + options_.patience;
        if (now < patient_until) return patient_until;
        opened_at_ = now;
    }
    if (now - opened_at_ >= open_wide) {
        is_over_ = true;
        return now;
    }
    if (answered_ > 0 && left_ - answered_ >= most_unanswered(answered_, latency_.value()))
        return opened_at_ + open_wide;
    return std::max(now, opened_at_ + time_of(static_cast<double>(left_ - options_.first_look)));
}

void Opening::sent(TimePoint now) noexcept {
    if (is_over_) return;
    if (left_++ == 0) first_sent_at_ = now;
}

void Opening::answered(TimePoint sent_at, TimePoint now) noexcept {
    if (is_over_) return;
    ++answered_;
    opened_at_ = std::min(opened_at_, now);
    latency_.add(std::chrono::duration<double, std::milli>(now - sent_at).count());
}

}  // namespace plait::policy
