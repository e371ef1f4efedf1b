#include "plait/batch/caller/send_permit.hpp"

namespace plait::batch {

bool SendPermit::try_take(const policy::Costs& costs) {
    if (circuit_) circuit_permit_ = circuit_->try_enter();
    if (origin_slots_) origin_slot_ = origin_slots_->try_enter();
    if (group_.in_flight) slot_ = group_.in_flight->try_enter();
    const bool may_go =
        (circuit_permit_ || !circuit_) && (origin_slot_ || !origin_slots_) && (slot_ || !group_.in_flight);
    if (may_go) pace_permit_ = group_.pace.try_enter(costs);
    if (pace_permit_) return true;
    give_back();
    return false;
}

Task<SendPermit::Turn> SendPermit::take(const policy::Costs& costs, int priority) {
    for (;;) {
        give_back();
        if (circuit_) {
            circuit_permit_ = co_await circuit_->enter();
            if (!circuit_permit_) co_return Turn::unreachable;
        }
        if (found_origin_full_) origin_slot_.emplace(co_await origin_slots_->enter(priority));
        if (group_.in_flight) slot_ = group_.in_flight->try_enter();
        if (group_.in_flight && !slot_) {
            give_back_rest();
            slot_.emplace(co_await group_.in_flight->enter(priority));
        }
        found_origin_full_ = false;
        pace_permit_ = co_await group_.pace.enter(costs, priority, this);
        if (!pace_permit_ && (!found_origin_full_ || group_.pace.parked())) co_return Turn::parked;
        if (pace_permit_ && (!circuit_permit_ || circuit_permit_->still_holds())) co_return Turn::taken;
    }
}

bool SendPermit::take_rest() noexcept {
    if (origin_slots_ && !origin_slot_) origin_slot_ = origin_slots_->try_enter();
    found_origin_full_ = origin_slots_ && !origin_slot_;
    return !found_origin_full_;
}

void SendPermit::ended(Reach reach, policy::Load load, std::string_view sign) noexcept {
    if (circuit_permit_ && reach == Reach::reached) circuit_permit_->succeeded();
    if (circuit_permit_ && reach == Reach::not_reached) circuit_permit_->failed();
    if (pace_permit_ && reach == Reach::reached && load == policy::Load::fine) group_.pace.accepted(*pace_permit_);
    if (slot_) slot_->end(load, sign);
}

void SendPermit::give_back() noexcept {
    pace_permit_.reset();
    circuit_permit_.reset();
    slot_.reset();
    origin_slot_.reset();
}

}  // namespace plait::batch
