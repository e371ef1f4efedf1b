#include "plait/policy/fixed_limit.hpp"

namespace plait::policy {

/// A call in the queue, and its permit once it was granted.
class FixedLimit::Waiter final : public internal::WaitingLine::Place {
  public:
    using Place::Place;

    std::optional<Permit> permit;
};

Task<FixedLimit::Permit> FixedLimit::enter(int priority) {
    if (auto permit = try_enter()) co_return std::move(*permit);
    Waiter waiter(line_, priority);
    while (!waiter.permit) co_await waiter.called();
    co_return std::move(*waiter.permit);
}

std::optional<FixedLimit::Permit> FixedLimit::try_enter() noexcept {
    if (!line_.empty() || permits_ >= most_) return std::nullopt;
    return take();
}

FixedLimit::Permit FixedLimit::take() noexcept {
    ++permits_;
    return Permit(*this);
}

/// Grants the permit to the first in the queue.
void FixedLimit::give_back() noexcept {
    --permits_;
    if (line_.empty()) return;
    auto& next = static_cast<Waiter&>(line_.first());
    next.leave();
    next.permit = take();
    next.call();
}

}  // namespace plait::policy
