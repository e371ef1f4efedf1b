#include "plait/policy/adaptive_limit.hpp"

#include "plait/async/event_loop.hpp"

namespace plait::policy {

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitOptions& options) : state_(options, now()) {}

/// A call in the queue, and its permit once it was granted.
class AdaptiveLimit::Waiter final : public internal::WaitingLine::Place {
  public:
    using Place::Place;

    std::optional<Permit> permit;
};

Task<AdaptiveLimit::Permit> AdaptiveLimit::enter(int priority) {
    if (auto permit = try_enter()) co_return std::move(*permit);
    Waiter waiter(line_, priority);
    while (!waiter.permit) co_await waiter.called();
    co_return std::move(*waiter.permit);
}

/// Grants permits to the first in the queue, as many as are free.
void AdaptiveLimit::serve_line() noexcept {
    while (!line_.empty() && permits_ < limit()) {
        auto& next = static_cast<Waiter&>(line_.first());
        next.leave();
        next.permit = take();
        next.call();
    }
}

std::optional<AdaptiveLimit::Permit> AdaptiveLimit::try_enter() noexcept {
    if (!line_.empty() || permits_ >= limit()) return std::nullopt;
    return take();
}

AdaptiveLimit::Permit AdaptiveLimit::take() noexcept {
    ++permits_;
    return Permit(*this);
}

AdaptiveLimitState::Call AdaptiveLimit::call_begins() noexcept { return state_.began(now()); }

void AdaptiveLimit::give_back(const std::optional<AdaptiveLimitState::Call>& call, Load load,
                              std::string_view sign) noexcept {
    --permits_;
    if (call) state_.ended(*call, load, now(), sign);
    serve_line();
}

}  // namespace plait::policy
