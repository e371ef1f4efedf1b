#include "plait/policy/opening.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace plait::policy {

namespace {

using namespace std::chrono_literals;

// After the first look the number of calls that may have left grows by this many in the first doubling, and doubles: it
// is 128 more after 30 ms and 100,000 more after a fifth of a second.
constexpr Duration doubling = 20ms;
constexpr double first_doubling = 72;
constexpr Duration open_wide = 10 * doubling;

}  // namespace

TimePoint Opening::earliest(TimePoint now) noexcept {
    if (is_over_ || left_ < options_.first_look) return now;
    if (opened_at_ == TimePoint::max()) {
        const TimePoint patient_until = first_left_at_ + options_.patience;
        if (now < patient_until) return patient_until;
        opened_at_ = now;
    }
    if (now - opened_at_ >= open_wide) {
        is_over_ = true;
        return now;
    }
    const double beyond = static_cast<double>(left_ - options_.first_look);
    const double doublings = std::log2(beyond / first_doubling + 1);
    const auto delay = Duration(static_cast<Duration::rep>(static_cast<double>(doubling.count()) * doublings));
    return std::max(now, opened_at_ + delay);
}

void Opening::leave(TimePoint now) noexcept {
    if (is_over_) return;
    if (left_++ == 0) first_left_at_ = now;
}

void Opening::answered(TimePoint now) noexcept {
    if (!is_over_) opened_at_ = std::min(opened_at_, now);
}

}  // namespace plait::policy
