#include "plait/batch/call/line_set.hpp"

#include "plait/base/assert.hpp"

namespace plait::batch {

bool LineSet::add(std::uint64_t line) {
    PLAIT_ASSERT(line <= largest_line, "a line number is that of a file");
    if (contains(line)) return false;
    const std::uint64_t part = line / part_lines;
    if (part >= parts_.size()) parts_.resize(part + 1);
    if (!parts_[part]) parts_[part] = std::make_unique<Part>();
    (*parts_[part])[line % part_lines / 64] |= std::uint64_t{1} << line % 64;
    ++size_;
    return true;
}

bool LineSet::remove(std::uint64_t line) noexcept {
    if (!contains(line)) return false;
    (*parts_[line / part_lines])[line % part_lines / 64] &= ~(std::uint64_t{1} << line % 64);
    --size_;
    return true;
}

}  // namespace plait::batch
