#include "plait/async/parts/internal/catch_up.hpp"

#include <algorithm>
#include <utility>

namespace plait::internal {

void CatchUp::begin(TimePoint now) noexcept {
    looked_at_ = now;
    until_.reset();
}

bool CatchUp::may_fire(const Look& look) noexcept {
    const TimePoint before = std::exchange(looked_at_, look.now);
    if (!look.deadline || *look.deadline > look.now) {
        // New events may have cancelled what was due, and then there is nothing left to catch up with.
        until_.reset();
        return false;
    }
    return !must_wait(look, before);
}

bool CatchUp::must_wait(const Look& look, TimePoint looked_before) noexcept {
    if (!until_) {
        const Duration lateness = look.now - std::max(*look.deadline, looked_before);
        if (lateness < late) return false;
        until_ = look.now + std::min({lateness, longest, TimePoint::max() - look.now});
        slept_in_vain_ = false;
        return true;
    }
    const bool something_may_come = look.has_ready || (look.has_outside_work && !slept_in_vain_);
    if (something_may_come && look.now < *until_) return true;
    until_.reset();
    return false;
}

}  // namespace plait::internal
