#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/pace/internal/waiting_line.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace plait::policy {

/// When a circuit opens, and how it is probed.
struct CircuitBreakerOptions {
    int failures = 20;  ///< in a row that open it
    /// How long it stays open before a probe; doubles after each probe that fails, up to `longest_pause`.
    Duration first_pause = std::chrono::seconds(5);
    Duration longest_pause = std::chrono::seconds(60);
    /// After being open for this long, the group is parked: calls no longer wait for it.
    Duration max_wait = std::chrono::minutes(10);
};

/// Whether a server can be reached, judging by the last attempts to connect. Knows no clock.
///
/// A closed circuit lets every call through. After `failures` in a row it opens, and lets only one probe through after
/// each pause. A probe that succeeds closes it.
class Circuit {
  public:
    explicit Circuit(const CircuitBreakerOptions& options) noexcept : options_(options) {}

    bool is_open() const noexcept { return open_since_.has_value(); }
    bool is_parked(TimePoint now) const noexcept { return is_open() && now - *open_since_ >= options_.max_wait; }
    /// When the next probe may be sent; the end of time while one is in flight. Only for an open circuit.
    TimePoint next_probe() const noexcept { return probing_ ? TimePoint::max() : probe_at_; }
    std::optional<TimePoint> open_since() const noexcept { return open_since_; }

    void probe_begins() noexcept { probing_ = true; }
    /// The probe was given up without a result; the next one may be sent.
    void probe_dropped() noexcept { probing_ = false; }
    /// The server was reached, whatever it answered.
    void succeeded() noexcept;
    /// The server was not reached. Only a failed probe prolongs the pause, not a call sent before the circuit opened.
    void failed(bool is_probe, TimePoint now) noexcept;

  private:
    CircuitBreakerOptions options_;
    int straight_failures_ = 0;
    std::optional<TimePoint> open_since_;
    TimePoint probe_at_{};
    Duration pause_{};
    bool probing_ = false;
};

/// Holds back calls to a server that can't be reached, and probes for its return. Belongs to one loop.
class CircuitBreaker {
  public:
    explicit CircuitBreaker(const CircuitBreakerOptions& options = {}) noexcept
        : circuit_(options), options_(options) {}
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    /// The right to make one attempt. Report its result, or drop it when there is none. The breaker outlives it.
    class [[nodiscard("report how the attempt went")]] Permit {
      public:
        Permit(Permit&& other) noexcept
            : breaker_(std::exchange(other.breaker_, nullptr)), is_probe_(other.is_probe_) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(breaker_, other.breaker_);
            std::swap(is_probe_, other.is_probe_);
            return *this;
        }
        ~Permit() {
            if (breaker_) breaker_->dropped(is_probe_);
        }

        /// Whether an unused permit is still valid: the circuit has not opened since.
        bool still_holds() const noexcept { return is_probe_ || !breaker_->circuit_.is_open(); }
        /// The server was reached.
        void succeeded() noexcept {
            if (breaker_) std::exchange(breaker_, nullptr)->succeeded();
        }
        /// The server was not reached.
        void failed() noexcept {
            if (breaker_) std::exchange(breaker_, nullptr)->failed(is_probe_);
        }

      private:
        friend class CircuitBreaker;
        Permit(CircuitBreaker& breaker, bool is_probe) noexcept : breaker_(&breaker), is_probe_(is_probe) {}
        CircuitBreaker* breaker_;
        bool is_probe_;
    };

    /// Waits until an attempt may be made: not at all while the circuit is closed. Returns nullopt when the group is
    /// parked. A cancelled caller leaves the queue.
    Task<std::optional<Permit>> enter();

    /// The same without waiting. Returns nullopt while the circuit is open.
    std::optional<Permit> try_enter() noexcept {
        if (circuit_.is_open()) return std::nullopt;
        return Permit(*this, false);
    }

    /// When the circuit opened; nullopt while it is closed.
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
