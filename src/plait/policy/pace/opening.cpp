#include "plait/policy/pace/opening.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace plait::policy {

namespace {

using namespace std::chrono_literals;

// `time` ms after the first answer, this many calls beyond the first look may have been sent:
// `steepness * (2^(time / doubling + (time / bend)^2) - 1)`: 128 after 30 ms, thousands after 100.
constexpr double steepness = 72;
constexpr double doubling = 20;
constexpr double bend = 1e3;
constexpr Duration open_wide = 350ms;

// When one call is refused, all that wait for their answers may be. So no more of them wait than a share of the calls
// that were answered. At a near server another round trip costs little, and the share is small: a sixth at 30 ms, as
// many at 55 ms, four times as many at 90 ms.
constexpr std::uint64_t least_unanswered = 6;
constexpr Duration as_many_as_answered = 55ms;
constexpr double share_growth = 3;

/// Returns when, after the first answer, the next call beyond these may be sent.
Duration time_of(double beyond) noexcept {
    const double doublings = std::log2(beyond / steepness + 1);
    const double a = 1 / (bend * bend);
    const double b = 1 / doubling;
    const double ms = (std::sqrt(b * b + 4 * a * doublings) - b) / (2 * a);
    return Duration(static_cast<Duration::rep>(ms * 1e6));
}

std::uint64_t most_unanswered(std::uint64_t answered, Duration latency) noexcept {
    const double round_trip = static_cast<double>(latency.count()) / static_cast<double>(as_many_as_answered.count());
    const double share = std::min(std::pow(round_trip, share_growth), 1e3);
    return std::max(least_unanswered, static_cast<std::uint64_t>(static_cast<double>(answered) * share));
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
    // The first answer may come late, as a busy server's does, so the shortest latency counts.
    if (answered_ > 0 && left_ - answered_ >= most_unanswered(answered_, shortest_)) return opened_at_ + open_wide;
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
    shortest_ = std::min(shortest_, now - sent_at);
}

}  // namespace plait::policy
