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

/// What experience says of the server of an origin.
///
/// Whether it keeps its promise to keep connections: some servers close them right after an answer without saying so, a
/// request that is sent at that moment is lost, and nobody knows whether it was executed. And whether it answers a
/// request that asks before it sends its body. For any thread.
class OriginHabit : public std::enable_shared_from_this<OriginHabit> {
  public:
    /// Permission to send a request that is not safe to repeat over a kept connection.
    class [[nodiscard]] ReusePermit {
      public:
        explicit ReusePermit(std::shared_ptr<OriginHabit> trial_of = nullptr) noexcept
            : trial_of_(std::move(trial_of)) {}
        ReusePermit(ReusePermit&&) noexcept = default;
        ReusePermit& operator=(ReusePermit&& other) noexcept {
            std::swap(trial_of_, other.trial_of_);
            return *this;
        }
        ~ReusePermit() {
            if (trial_of_) trial_of_->is_tried_ = false;
        }

      private:
        std::shared_ptr<OriginHabit> trial_of_;
    };

    /// Grants a permit. Until a kept connection to the origin has carried a second exchange, one request at a time gets
    /// one; for 10 minutes after a connection was closed early, none does.
    std::optional<ReusePermit> try_reuse_unrepeatable(TimePoint now);

    /// Whether a kept connection to the origin has carried a second exchange, and none was closed early since, nor in
    /// the 10 minutes before.
    bool keeps_connections(TimePoint now) const noexcept { return keeps_ && now >= distrusted_until_.load(); }

    /// Records that a kept connection has carried another exchange.
    void record_reuse() noexcept {
        if (!keeps_) keeps_ = true;  // a store is dear while other threads read
    }
    /// Records that the server closed a kept connection right after its answer, or under a request before the first
    /// byte of the answer.
    void record_early_close(TimePoint now) noexcept;

    /// Whether asking before a large body is worth it (`Expect: 100-continue`). For 10 minutes after the server did not
    /// answer such a question, it is not.
    bool may_ask_before_body(TimePoint now) const noexcept { return now >= mute_until_.load(); }
    /// Records that the server did not answer, or refused to be asked (417).
    void record_no_continue(TimePoint now) noexcept;

  private:
    std::atomic<bool> keeps_ = false;
    std::atomic<bool> is_tried_ = false;
    std::atomic<TimePoint> distrusted_until_ = TimePoint::min();
    std::atomic<TimePoint> mute_until_ = TimePoint::min();
};

/// The habits of all origins. Sessions of several threads may share it.
class OriginHabits {
  public:
    /// Returns the habits of one origin. They are forgotten when too many others follow.
    std::shared_ptr<OriginHabit> of(std::string_view origin);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<OriginHabit>> habits_;
};

}  // namespace plait::http
