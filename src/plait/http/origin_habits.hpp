#pragma once

#include "plait/base/clock.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace plait::http {

/// What one origin does with the connections that its clients keep. Some servers close them right after an answer and
/// do not say so: a request that leaves at that moment is lost, and nobody knows whether it was acted on. Any thread.
class OriginHabit : public std::enable_shared_from_this<OriginHabit> {
  public:
    /// Leave to send, over a kept connection, a request that must not be sent twice.
    class [[nodiscard]] Leave {
      public:
        explicit Leave(std::shared_ptr<OriginHabit> trial_of = nullptr) noexcept : trial_of_(std::move(trial_of)) {}
        Leave(Leave&&) noexcept = default;
        Leave& operator=(Leave&& other) noexcept {
            std::swap(trial_of_, other.trial_of_);
            return *this;
        }
        ~Leave() {
            if (trial_of_) trial_of_->is_tried_ = false;
        }

      private:
        std::shared_ptr<OriginHabit> trial_of_;
    };

    /// As long as no kept connection to the origin has carried another exchange, one such request at a time may try.
    /// For a while after a connection was closed early, none may.
    std::optional<Leave> leave_once_only(TimePoint now);

    /// A kept connection has carried another exchange.
    void kept() noexcept { keeps_ = true; }
    /// A kept connection was closed right after its answer, or under a request before the answer's first byte.
    void closed_early(TimePoint now) noexcept;

  private:
    std::atomic<bool> keeps_ = false;
    std::atomic<bool> is_tried_ = false;
    std::atomic<TimePoint> distrusted_until_ = TimePoint::min();
};

/// The habits of the origins that sessions speak to. Sessions of several threads may share it.
class OriginHabits {
  public:
    std::shared_ptr<OriginHabit> of(std::string_view origin);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<OriginHabit>> habits_;
};

}  // namespace plait::http
