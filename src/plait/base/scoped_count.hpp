#pragma once

#include <cstddef>

namespace plait {

/// Adds one to a count for as long as it lives, or from when it begins: of what waits, is open, or is in flight. The
/// count must outlive it.
class ScopedCount {
  public:
    ScopedCount() noexcept = default;
    explicit ScopedCount(std::size_t& count) noexcept { begin(count); }
    ScopedCount(const ScopedCount&) = delete;
    ScopedCount& operator=(const ScopedCount&) = delete;
    ~ScopedCount() {
        if (count_) --*count_;
    }

    /// Once.
    void begin(std::size_t& count) noexcept {
        count_ = &count;
        ++count;
    }
    bool has_begun() const noexcept { return count_ != nullptr; }

  private:
    std::size_t* count_ = nullptr;
};

}  // namespace plait
