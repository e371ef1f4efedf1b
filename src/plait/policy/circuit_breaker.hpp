#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/internal/waiting_line.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace plait::policy {

/// When a circuit opens, and how it is tried again.
struct CircuitBreakerOptions {
    int failures = 20;  ///< straight ones that open it
    /// How long it stays open before a probe; doubles after each probe that fails, up to `longest_pause`.
    Duration first_pause = std::chrono::seconds(5);
    Duration longest_pause = std::chrono::seconds(60);
    /// Open for longer than this, the group is parked: nobody waits for it any more.
    Duration max_wait = std::chrono::minutes(10);
};

/// Whether a group's server can be reached, from how the last attempts to connect went. Knows no clock.
///
/// Closed, all go. After so many straight failures it opens: nobody goes, but for one probe after each pause. A probe
/// that succeeds closes it.
class Circuit {
  public:
    explicit Circuit(const CircuitBreakerOptions& options) noexcept : options_(options) {}

    bool is_open() const noexcept { return open_since_.has_value(); }
    bool is_parked(TimePoint now) const noexcept { return is_open() && now - *open_since_ >= options_.max_wait; }
    /// When the next probe may go; the end of time while one is on its way. For an open circuit.
    TimePoint next_probe() const noexcept { return probing_ ? TimePoint::max() : probe_at_; }
    std::optional<TimePoint> open_since() const noexcept { return open_since_; }

    void probe_begins() noexcept { probing_ = true; }
    /// The probe was given up before it said anything; the next one may go.
    void probe_dropped() noexcept { probing_ = false; }
    /// The server was reached: whatever it answered.
    void succeeded() noexcept;
    /// It was not. What began before the circuit opened does not prolong the pause: only a probe does.
    void failed(bool is_probe, TimePoint now) noexcept;

  private:
    CircuitBreakerOptions options_;
    int straight_failures_ = 0;
    std::optional<TimePoint> open_since_;
    TimePoint probe_at_{};
    Duration pause_{};
    bool probing_ = false;
};

/// Keeps calls from a server that can't be reached, and finds out when it can be again. Belongs to one loop.
class CircuitBreaker {
  public:
    explicit CircuitBreaker(const CircuitBreakerOptions& options = {}) noexcept
        : circuit_(options), options_(options) {}
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    /// The right to try. Told how it went, or dropped when that is not known. The breaker outlives it.
    class [[nodiscard("whoever goes says how it went")]] Pass {
      public:
        Pass(Pass&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), is_probe_(other.is_probe_) {}
        Pass& operator=(Pass&& other) noexcept {
            std::swap(breaker_, other.breaker_);
            std::swap(is_probe_, other.is_probe_);
            return *this;
        }
        ~Pass() {
            if (breaker_) breaker_->dropped(is_probe_);
        }

        /// Whether it is a right still: the circuit has not been opened since. For one that was not used yet.
        bool still_holds() const noexcept { return is_probe_ || !breaker_->circuit_.is_open(); }
        /// The server was reached.
        void succeeded() noexcept {
            if (breaker_) std::exchange(breaker_, nullptr)->succeeded();
        }
        /// It could not be reached.
        void failed() noexcept {
            if (breaker_) std::exchange(breaker_, nullptr)->failed(is_probe_);
        }

      private:
        friend class CircuitBreaker;
        Pass(CircuitBreaker& breaker, bool is_probe) noexcept : breaker_(&breaker), is_probe_(is_probe) {}
        CircuitBreaker* breaker_;
        bool is_probe_;
    };

    /// Waits until a call may go: at once while the circuit is closed. Nothing when the group is parked. A caller that
    /// is cancelled leaves the line.
    Task<std::optional<Pass>> enter();

    /// The same without waiting: nothing while the circuit is open.
    std::optional<Pass> try_enter() noexcept {
        if (circuit_.is_open()) return std::nullopt;
        return Pass(*this, false);
    }

    /// Since when the circuit is open; nothing when it is closed.
    std::optional<TimePoint> open_since() const noexcept { return circuit_.open_since(); }

  private:
    void succeeded() noexcept;
    void failed(bool is_probe) noexcept;
    void dropped(bool is_probe) noexcept;

    Circuit circuit_;
    CircuitBreakerOptions options_;
    internal::WaitingLine line_;
};

}  // namespace plait::policy
