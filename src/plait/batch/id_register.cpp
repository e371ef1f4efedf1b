#include "plait/batch/id_register.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <utility>

namespace plait::batch {

namespace {

/// Such an id comes from no line of a file that anyone has; more would make `has_own_id_` large.
constexpr std::uint64_t last_numbered_line = 1ull << 36;

/// The n of `line-<n>`, written as `automatic_id` writes it.
std::optional<std::uint64_t> number_of(std::string_view id) {
    constexpr std::string_view prefix = "line-";
    if (!id.starts_with(prefix)) return std::nullopt;
    id.remove_prefix(prefix.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || id.starts_with('0')) return std::nullopt;
    return number;
}

/// Never 0. The segment is in the highest bits, the slot in the ones below.
std::uint64_t hash_of(std::string_view id) {
    const std::uint64_t hash = std::hash<std::string_view>()(id) * 0x9e3779b97f4a7c15ull;
    return hash == 0 ? 1 : hash;
}

}  // namespace

std::optional<std::uint64_t> IdRegister::claim(std::string_view id, std::uint64_t line) {
    const std::optional<std::uint64_t> number = number_of(id);
    const bool is_own = number == line && line <= last_numbered_line;
    if (number && !is_own && has_own_id(*number)) return number;

    if (!is_own || has_foreign_line_id_) {
        const std::uint64_t hash = hash_of(id);
        Segment& segment = segments_[hash >> 58];
        if (const auto before = segment.find(hash)) return before;
        if (!is_own) {
            constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
            segment.add(hash, static_cast<std::uint32_t>(std::min(line, largest)));
            has_foreign_line_id_ |= number.has_value();
        }
    }
    if (is_own) {
        if (has_own_id_.size() <= line) has_own_id_.resize(line + 1);
        has_own_id_[line] = true;
    }
    return std::nullopt;
}

/// Where `hash` is, or the free slot where it would be.
std::size_t IdRegister::Segment::slot_of(std::uint64_t hash) const {
    // 32 of the bits behind those of the segment, scaled to the size: so that any size will do, not only powers of two.
    auto slot = static_cast<std::size_t>((hash << 6 >> 32) * hashes_.size() >> 32);
    while (hashes_[slot] != 0 && hashes_[slot] != hash) slot = slot + 1 == hashes_.size() ? 0 : slot + 1;
    return slot;
}

std::optional<std::uint64_t> IdRegister::Segment::find(std::uint64_t hash) const {
    if (hashes_.empty()) return std::nullopt;
    const std::size_t slot = slot_of(hash);
    if (hashes_[slot] == 0) return std::nullopt;
    return lines_[slot];
}

void IdRegister::Segment::add(std::uint64_t hash, std::uint32_t line) {
    if ((used_ + 1) * 10 > hashes_.size() * 9) grow();
    const std::size_t slot = slot_of(hash);
    hashes_[slot] = hash;
    lines_[slot] = line;
    ++used_;
}

void IdRegister::Segment::grow() {
    const std::size_t size = std::max<std::size_t>(16, hashes_.size() + hashes_.size() / 2);
    const std::vector<std::uint64_t> hashes = std::exchange(hashes_, std::vector<std::uint64_t>(size));
    const std::vector<std::uint32_t> lines = std::exchange(lines_, std::vector<std::uint32_t>(size));
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (hashes[i] == 0) continue;
        const std::size_t slot = slot_of(hashes[i]);
        hashes_[slot] = hashes[i];
        lines_[slot] = lines[i];
    }
}

}  // namespace plait::batch
