#include "plait/policy/circuit_breaker.hpp"

#include "plait/async/event_loop.hpp"

#include <algorithm>

namespace plait::policy {

void Circuit::succeeded() noexcept {
    straight_failures_ = 0;
    open_since_.reset();
    probing_ = false;
}

void Circuit::failed(bool is_probe, TimePoint now) noexcept {
    ++straight_failures_;
    if (is_probe && is_open()) {
        probing_ = false;
        pause_ = std::min(pause_ * 2, options_.longest_pause);
        probe_at_ = now + pause_;
    } else if (!is_open() && straight_failures_ >= options_.failures) {
        open_since_ = now;
        pause_ = options_.first_pause;
        probe_at_ = now + pause_;
    }
}

Task<std::optional<CircuitBreaker::Permit>> CircuitBreaker::enter() {
    if (auto permit = try_enter()) co_return std::move(*permit);
    internal::WaitingLine::Place place(line_, 0);
    while (circuit_.is_open()) {
        if (circuit_.is_parked(now())) {
            if (place.is_first()) line_.call_all();
            co_return std::nullopt;
        }
        if (!place.is_first()) {
            co_await place.called();
            continue;
        }
        if (circuit_.next_probe() <= now()) {
            circuit_.probe_begins();
            co_return Permit(*this, true);
        }
        co_await place.called_or_at(std::min(circuit_.next_probe(), *circuit_.open_since() + options_.max_wait));
    }
    co_return Permit(*this, false);
}

void CircuitBreaker::succeeded() noexcept {
    const bool was_open = circuit_.is_open();
    circuit_.succeeded();
    if (was_open) line_.call_all();
}

void CircuitBreaker::failed(bool is_probe) noexcept {
    circuit_.failed(is_probe, now());
    line_.call_first();
}

void CircuitBreaker::dropped(bool is_probe) noexcept {
    if (!is_probe) return;
    circuit_.probe_dropped();
    line_.call_first();
}

}  // namespace plait::policy
