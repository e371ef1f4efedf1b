#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace plait::batch {

/// A set of line numbers, one bit each, in blocks that are allocated when one of their lines is added.
class LineSet {
  public:
    /// No real file is longer; a larger number comes from a damaged file.
    static constexpr std::uint64_t largest_line = std::uint64_t{1} << 36;

    /// Returns false if it was in the set already. `line` is at most `largest_line`.
    bool add(std::uint64_t line);

    /// Returns false if it was not in the set.
    bool remove(std::uint64_t line) noexcept;

    bool contains(std::uint64_t line) const noexcept {
        const std::uint64_t part = line / part_lines;
        return part < parts_.size() && parts_[part] && ((*parts_[part])[line % part_lines / 64] >> line % 64 & 1) != 0;
    }

    std::uint64_t size() const noexcept { return size_; }

    /// Calls `visit(line)` for each line, in ascending order.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::uint64_t part = 0; part < parts_.size(); ++part) {
            if (!parts_[part]) continue;
            for (std::uint64_t at = 0; at < part_lines; ++at) {
                const std::uint64_t line = part * part_lines + at;
                if (contains(line)) visit(line);
            }
        }
    }

  private:
    static constexpr std::uint64_t part_lines = 1 << 18;
    using Part = std::array<std::uint64_t, part_lines / 64>;

    std::vector<std::unique_ptr<Part>> parts_;
    std::uint64_t size_ = 0;
};

}  // namespace plait::batch
