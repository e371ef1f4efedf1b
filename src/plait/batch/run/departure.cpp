#include "plait/batch/run/departure.hpp"

namespace plait::batch {

bool Departure::try_take(const policy::Costs& costs) {
    if (circuit_) way_ = circuit_->try_enter();
    if (group_.in_flight) place_ = group_.in_flight->try_enter();
    const bool may_go = (way_ || !circuit_) && (place_ || !group_.in_flight);
    if (may_go) pass_ = group_.pace.try_enter(costs);
    if (pass_) return true;
    give_back();
    return false;
}

Task<Departure::Turn> Departure::take(const policy::Costs& costs, int priority) {
    do {
        give_back();
        if (circuit_) {
            way_ = co_await circuit_->enter();
            if (!way_) co_return Turn::unreachable;
        }
        if (group_.in_flight) place_.emplace(co_await group_.in_flight->enter(priority));
        pass_ = co_await group_.pace.enter(costs, priority);
        if (!pass_) co_return Turn::parked;
    } while (way_ && !way_->still_holds());
    co_return Turn::taken;
}

void Departure::ended(Reach reach, policy::Load load, std::string_view sign) noexcept {
    if (way_ && reach == Reach::reached) way_->succeeded();
    if (way_ && reach == Reach::not_reached) way_->failed();
    if (pass_ && reach == Reach::reached && load == policy::Load::fine) group_.pace.accepted(*pass_);
    if (place_) place_->end(load, sign);
}

void Departure::give_back() noexcept {
    pass_.reset();
    way_.reset();
    place_.reset();
}

}  // namespace plait::batch
