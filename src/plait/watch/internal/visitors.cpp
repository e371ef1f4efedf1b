#include "plait/watch/internal/visitors.hpp"

namespace plait::watch::internal {

Visitors::Visitor::Visitor(Visitors& all) : all_(all) {
    const bool is_crowded = all.strangers_.size() >= all.most_strangers_ || all.count() >= all.most_;
    if (is_crowded && !all.strangers_.empty()) {
        Visitor& oldest = *all.strangers_.front();
        oldest.leave();
        oldest.scope_.cancel();
    }
    if (all.count() >= all.most_) return;
    place_ = all.strangers_.insert(all.strangers_.end(), this);
    kind_ = Kind::stranger;
}

Visitors::Visitor::~Visitor() { leave(); }

void Visitors::Visitor::trust() noexcept {
    if (kind_ != Kind::stranger) return;
    leave();
    kind_ = Kind::trusted;
    ++all_.trusted_;
}

void Visitors::Visitor::leave() noexcept {
    if (kind_ == Kind::stranger) all_.strangers_.erase(place_);
    if (kind_ == Kind::trusted) --all_.trusted_;
    kind_ = Kind::outside;
}

}  // namespace plait::watch::internal
