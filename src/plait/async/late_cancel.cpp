#include "plait/async/late_cancel.hpp"

namespace plait {

LateCancel::LateCancel(CancelScope& scope, TimePoint deadline, Duration grace)
    : scope_(scope), scheduler_(internal::Scheduler::current()), grace_(grace) {
    scheduler_.arm(*this, deadline);
}

LateCancel::~LateCancel() { scheduler_.disarm(*this); }

void LateCancel::fire() noexcept {
    if (has_passed_) return scope_.cancel();
    has_passed_ = true;
    scheduler_.arm(*this, scheduler_.after(grace_));  // its place in the heap is free, so this can't fail
}

}  // namespace plait
