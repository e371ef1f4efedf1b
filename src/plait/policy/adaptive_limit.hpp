#pragma once

#include "plait/async/task.hpp"
#include "plait/policy/adaptive_limit_state.hpp"
#include "plait/policy/pace/internal/waiting_line.hpp"
#include "plait/policy/pace/pace.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace plait::policy {

/// A semaphore that adapts its size: it lets as many calls be in flight as the server handles well.
///
/// The highest priority is served first, then the oldest waiter. A cancelled waiter leaves the queue and takes no
/// permit. A lowered limit stops no call that was sent; those that hold a permit and wait for something else are sent
/// only within the lowered limit (`may_begin`). Returned permits are withheld until it is met. Belongs to one loop.
class AdaptiveLimit {
  public:
    /// In a running loop.
    explicit AdaptiveLimit(const AdaptiveLimitOptions& options = {});
    AdaptiveLimit(const AdaptiveLimit&) = delete;
    AdaptiveLimit& operator=(const AdaptiveLimit&) = delete;

    /// The right to make one call, returned when it is destroyed. The limit outlives it.
    class [[nodiscard("a permit that is dropped is given back at once")]] Permit final : public HeldSlot {
      public:
        Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), call_(other.call_) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(limit_, other.limit_);
            std::swap(call_, other.call_);
            return *this;
        }
        ~Permit() { end(Load::unknown); }

        /// Whether fewer calls are in flight than the limit allows now.
        bool may_begin() const noexcept override { return !limit_ || limit_->in_flight() < limit_->limit(); }

        /// The call is sent now: its latency counts from here. Waits before, such as for a pace, are not the server's
        /// fault.
        void begin() noexcept override {
            if (limit_ && !call_) call_ = limit_->call_begins();
        }

        /// The call has ended; returns the permit. `sign` names the sign of overload, such as `status 503`.
        void end(Load load, std::string_view sign = {}) noexcept {
            if (limit_) std::exchange(limit_, nullptr)->give_back(call_, load, sign);
        }

      private:
        friend class AdaptiveLimit;
        explicit Permit(AdaptiveLimit& limit) noexcept : limit_(&limit) {}
        AdaptiveLimit* limit_;
        std::optional<AdaptiveLimitState::Call> call_;
    };

    /// Waits for a permit.
    Task<Permit> enter(int priority = 0);

    /// The same without waiting. Returns nullopt when no permit is free, or others wait.
    std::optional<Permit> try_enter() noexcept;

    /// The current limit.
    std::size_t limit() const noexcept { return state_.limit(); }
    /// Permits held.
    std::size_t permits() const noexcept { return permits_; }
    /// Permits free.
    std::size_t available() const noexcept { return permits_ < limit() ? limit() - permits_ : 0; }
    /// Held permits whose call has been sent.
    std::size_t in_flight() const noexcept { return state_.in_flight(); }
    /// Waiters.
    std::size_t waiting() const noexcept { return line_.size(); }

    /// The last change of the limit; nullopt before the first.
    const std::optional<LimitChange>& last_change() const noexcept { return state_.last_change(); }

  private:
    class Waiter;

    Permit take() noexcept;
    void serve_line() noexcept;
    AdaptiveLimitState::Call call_begins() noexcept;
    void give_back(const std::optional<AdaptiveLimitState::Call>& call, Load load, std::string_view sign) noexcept;

    AdaptiveLimitState state_;
    std::size_t permits_ = 0;  // held
    internal::WaitingLine line_;
};

}  // namespace plait::policy
