#pragma once

#include "plait/async/task.hpp"
#include "plait/policy/adaptive_limit_state.hpp"
#include "plait/policy/internal/waiting_line.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace plait::policy {

/// Lets as many calls be in flight as the server takes well: a semaphore whose size finds itself.
///
/// The highest priority is served first, then who came first. A cancelled waiter leaves the line and takes no permit.
/// When the limit is cut nobody is stopped; permits that come back are kept until it fits. Belongs to one loop.
class AdaptiveLimit {
  public:
    /// In a running loop.
    explicit AdaptiveLimit(const AdaptiveLimitOptions& options = {});
    AdaptiveLimit(const AdaptiveLimit&) = delete;
    AdaptiveLimit& operator=(const AdaptiveLimit&) = delete;

    /// The right to make a call; gives itself back when it is destroyed. The limit outlives it.
    class [[nodiscard("a permit that is dropped is given back at once")]] Permit {
      public:
        Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), call_(other.call_) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(limit_, other.limit_);
            std::swap(call_, other.call_);
            return *this;
        }
        ~Permit() { end(Load::unknown); }

        /// The call leaves now: its latency counts from here. What was waited for with the permit in hand, such as a
        /// pace, is not the server's doing.
        void begin() noexcept {
            if (limit_ && !call_) call_ = limit_->call_begins();
        }

        /// The call has ended like this; the permit is given back. `sign`: what told of overload, such as `status 503`.
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

    /// The same without waiting: nothing when there is none, or others wait for one.
    std::optional<Permit> try_enter() noexcept;

    /// How many permits there may be; how many are out; how many more may be; how many of those that are out have begun
    /// their call; how many wait.
    std::size_t limit() const noexcept { return state_.limit(); }
    std::size_t permits() const noexcept { return permits_; }
    std::size_t available() const noexcept { return permits_ < limit() ? limit() - permits_ : 0; }
    std::size_t in_flight() const noexcept { return state_.in_flight(); }
    std::size_t waiting() const noexcept { return line_.size(); }

    /// The last change of the limit; nothing while it is what it was at first.
    const std::optional<LimitChange>& last_change() const noexcept { return state_.last_change(); }

  private:
    Permit take() noexcept;
    AdaptiveLimitState::Call call_begins() noexcept;
    void give_back(const std::optional<AdaptiveLimitState::Call>& call, Load load, std::string_view sign) noexcept;

    AdaptiveLimitState state_;
    std::size_t permits_ = 0;  // that are out
    internal::WaitingLine line_;
};

}  // namespace plait::policy
