#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace plait::http {

/// What the bodies of all answers in flight hold together, and the most that it may be. Each has a bound of its own
/// (`Limits::body_bytes`), but many that are large at the same time would still take all there is. Any thread.
class BodyMemory {
  public:
    explicit BodyMemory(std::size_t limit) noexcept : limit_(limit) {}

    std::size_t limit() const noexcept { return limit_; }
    std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

    /// What one body holds of it; gives all back at its end.
    class Share {
      public:
        /// `memory` outlives the share.
        explicit Share(BodyMemory& memory) noexcept : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { give_back(held_); }

        std::size_t held() const noexcept { return held_; }

        /// False when there is not so much left; it then holds what it held before.
        bool take(std::size_t bytes) noexcept {
            if (memory_.held_.fetch_add(bytes, std::memory_order_relaxed) + bytes > memory_.limit_) {
                memory_.held_.fetch_sub(bytes, std::memory_order_relaxed);
                return false;
            }
            held_ += bytes;
            return true;
        }
        void give_back(std::size_t bytes) noexcept {
            if (bytes == 0) return;
            held_ -= bytes;
            memory_.held_.fetch_sub(bytes, std::memory_order_relaxed);
        }

      private:
        BodyMemory& memory_;
        std::size_t held_ = 0;
    };

  private:
    const std::size_t limit_;
    std::atomic<std::size_t> held_ = 0;
};

/// What all bodies may hold where nobody says: a quarter of the memory that this process may use.
std::size_t usual_body_memory();

}  // namespace plait::http
