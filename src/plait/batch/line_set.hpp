#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plait::batch {

/// Lines of a file, by their numbers: a bit each.
class LineSet {
  public:
    void add(std::uint64_t line) {
        if (bits_.size() <= line) bits_.resize(line + 1);
        if (!bits_[line]) ++size_;
        bits_[line] = true;
    }
    bool contains(std::uint64_t line) const noexcept { return line < bits_.size() && bits_[line]; }
    std::size_t size() const noexcept { return size_; }

  private:
    std::vector<bool> bits_;
    std::size_t size_ = 0;
};

}  // namespace plait::batch
