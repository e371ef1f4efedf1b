#pragma once

#include "plait/http/body/saved_body.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace plait::http {

/// Limits the memory of the bodies of all answers in flight together. Each body has its own limit
/// (`Limits::body_bytes`), but many large ones at the same time would still exhaust the machine. For any thread.
class BodyMemory {
  public:
    explicit BodyMemory(std::size_t limit) noexcept : limit_(limit) {}
    /// Bodies above `BodyFolder::inline_bytes` go to files in `folder`, where they take no memory.
    BodyMemory(std::size_t limit, BodyFolder folder) : limit_(limit), folder_(std::move(folder)) {}

    /// In bytes.
    std::size_t limit() const noexcept { return limit_; }
    std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }
    const std::optional<BodyFolder>& folder() const noexcept { return folder_; }

    /// The part of one body. Its destructor gives it back.
    class Share {
      public:
        /// `memory` must outlive the share.
        explicit Share(BodyMemory& memory) noexcept : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { give_back(held_); }

        std::size_t held() const noexcept { return held_; }

        /// Takes `bytes` more. False, and no change, when that would exceed the limit.
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
    const std::optional<BodyFolder> folder_;
    std::atomic<std::size_t> held_ = 0;
};

/// The default limit: a quarter of the memory that this process may use.
std::size_t default_body_memory();

}  // namespace plait::http
