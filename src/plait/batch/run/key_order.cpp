#include "plait/batch/run/key_order.hpp"

namespace plait::batch {

KeyOrder::Turn KeyOrder::take_turn(const std::string& key) {
    std::shared_ptr<Link>& last = last_[key];
    auto before = std::exchange(last, std::make_shared<Link>());
    return Turn(*this, key, std::move(before), last);
}

Task<bool> KeyOrder::Turn::wait() {
    if (before_) {
        co_await before_->ended.wait();
        if (before_->is_broken) break_off();
        before_.reset();
    }
    co_return !own_->is_broken;
}

KeyOrder::Turn::~Turn() {
    if (!own_) return;                    // moved from
    if (before_) own_->is_broken = true;  // it never came
    own_->ended.set();
    const auto last = order_.last_.find(key_);
    if (last != order_.last_.end() && last->second == own_) order_.last_.erase(last);
}

}  // namespace plait::batch
