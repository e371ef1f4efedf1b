#pragma once

#include "plait/async/task.hpp"
#include "plait/policy/pace/internal/waiting_line.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace plait::policy {

/// Lets at most a given number of calls be in flight.
///
/// The highest priority is served first, then the oldest waiter. A cancelled waiter leaves the queue and takes no
/// permit. Belongs to one loop.
class FixedLimit {
  public:
    /// `most` is at least 1.
    explicit FixedLimit(std::size_t most) noexcept : most_(most) {}
    FixedLimit(const FixedLimit&) = delete;
    FixedLimit& operator=(const FixedLimit&) = delete;

    /// The right to make one call, returned when it is destroyed. The limit outlives it.
    class [[nodiscard("a permit that is dropped is given back at once")]] Permit {
      public:
        Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(limit_, other.limit_);
            return *this;
        }
        ~Permit() {
            if (limit_) limit_->give_back();
        }

      private:
        friend class FixedLimit;
        explicit Permit(FixedLimit& limit) noexcept : limit_(&limit) {}
        FixedLimit* limit_;
    };

    /// Waits for a permit.
    Task<Permit> enter(int priority = 0);

    /// The same without waiting. Returns nullopt when no permit is free, or others wait.
    std::optional<Permit> try_enter() noexcept;

    /// Permits held, permits free, and waiters.
    std::size_t permits() const noexcept { return permits_; }
    std::size_t available() const noexcept { return most_ - permits_; }
    std::size_t waiting() const noexcept { return line_.size(); }

  private:
    class Waiter;

    Permit take() noexcept;
    void give_back() noexcept;

    const std::size_t most_;
    std::size_t permits_ = 0;  ///< held
    internal::WaitingLine line_;
};

}  // namespace plait::policy
