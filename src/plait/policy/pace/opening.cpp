#include "plait/policy/pace/opening.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace plait::policy {

namespace {

using namespace std::chrono_literals;

// `time` ms after the first answer, this many calls beyond the first look may have been sent:
// `size * (2^doublings - 1)`, where `doublings = time / linear + (time / square)^2`. A near server refuses within
// milliseconds, so a gentle start costs little: 8 more after 30 ms, 20 after 50, thousands after 250. A far server
// needs a steep one: 128 more after 30 ms.
struct Curve {
    double size;
    double linear;  // in milliseconds
    double square;
};
constexpr Curve near{20, 70, 100};
constexpr Curve far{72, 20, 1e3};
constexpr Duration far_away = 50ms;
// Calls to a near server that may wait for their answers, because all of them would be refused with the first one: a
// few, then more as calls are answered.
constexpr std::uint64_t near_unanswered = 16;
constexpr std::uint64_t answered_before_more = 24;
constexpr Duration open_wide = 350ms;

/// Returns when, after the first answer, the next call beyond these may be sent.
Duration time_of(const Curve& curve, double beyond) noexcept {
    const double doublings = std::log2(beyond / curve.size + 1);
    const double a = 1 / (curve.square * curve.square);
    const double b = 1 / curve.linear;
    const double ms = (std::sqrt(b * b + 4 * a * doublings) - b) / (2 * a);
    return Duration(static_cast<Duration::rep>(ms * 1e6));
}

std::uint64_t most_unanswered(std::uint64_t answered) noexcept {
    return std::max(near_unanswered, answered - std::min(answered, answered_before_more));
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
    // The first answer may come late, as a busy server's does. Any other one can show that the server is near.
    const bool is_near = shortest_ < far_away;
    if (is_near && left_ - answered_ >= most_unanswered(answered_)) return opened_at_ + open_wide;
    const double beyond = static_cast<double>(left_ - options_.first_look);
    const Curve& curve = is_near ? near : far;
    return std::max(now, opened_at_ + time_of(curve, beyond));
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
