#include "plait/policy/adaptive_limit.hpp"

#include "plait/async/event_loop.hpp"

namespace plait::policy {

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitOptions& options) : state_(options, now()) {}

Task<AdaptiveLimit::Permit> AdaptiveLimit::enter(int priority) {
    if (auto permit = try_enter()) co_return std::move(*permit);
    internal::WaitingLine::Place place(line_, priority);
    while (!place.is_first() || permits_ >= limit()) co_await place.called();
    co_return take();
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
    if (permits_ < limit()) line_.call_first();
}

}  // namespace plait::policy
