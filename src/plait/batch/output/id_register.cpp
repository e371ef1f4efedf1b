#include "plait/batch/output/id_register.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

namespace plait::batch {

namespace {

constexpr int segment_shift = 58;

constexpr std::size_t bucket_count = 1 << 16;
constexpr int bucket_shift = 48;

/// Returns the n of an id `line-<n>` that is written as `automatic_id` writes it.
std::optional<std::uint64_t> number_of(std::string_view id) {
    constexpr std::string_view prefix = "line-";
    if (!id.starts_with(prefix)) return std::nullopt;
    id.remove_prefix(prefix.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || id.starts_with('0')) return std::nullopt;
    return number;
}

/// Returns a hash other than 0. Its highest bits choose the segment, the ones below the slot.
std::uint64_t hash_of(std::string_view id) {
    const std::uint64_t hash = std::hash<std::string_view>()(id) * 0x9e3779b97f4a7c15ull;
    return hash == 0 ? 1 : hash;
}

/// Returns the 40 bits after those that choose the bucket; never 0.
std::uint64_t rest_of(std::uint64_t hash) {
    const std::uint64_t rest = hash << 16 >> 24;
    return rest == 0 ? 1 : rest;
}

}  // namespace

std::optional<std::uint64_t> IdRegister::claim(std::string_view id, std::uint64_t line) {
    const std::optional<std::uint64_t> number = number_of(id);
    const bool is_own = number == line && line <= LineSet::largest_line;
    if (number && !is_own && has_own_id(*number)) return number;

    if (!is_own || has_foreign_line_id_) {
        const std::uint64_t hash = hash_of(id);
        if (const auto before = find(hash)) return before;
        if (!is_own) {
            add(hash, line);
            has_foreign_line_id_ |= number.has_value();
        }
    }
    if (is_own) own_ids_.add(line);
    return std::nullopt;
}

std::optional<std::uint64_t> IdRegister::find(std::uint64_t hash) const {
    if (buckets_.empty()) return segments_[hash >> segment_shift].find(hash);
    if (buckets_[hash >> bucket_shift].contains(hash)) return earlier_line;
    return std::nullopt;
}

void IdRegister::add(std::uint64_t hash, std::uint64_t line) {
    if (buckets_.empty() && ++chosen_ids_ > most_with_lines_) drop_lines();
    if (buckets_.empty()) {
        constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
        segments_[hash >> segment_shift].add(hash, static_cast<std::uint32_t>(std::min(line, largest)));
    } else {
        buckets_[hash >> bucket_shift].add(hash);
    }
}

void IdRegister::drop_lines() {
    buckets_.resize(bucket_count);
    for (Segment& segment : segments_) {
        for (const std::uint64_t hash : segment.hashes()) {
            if (hash != 0) buckets_[hash >> bucket_shift].add(hash);
        }
        segment = Segment();
    }
}

/// Returns the slot of `hash`, or the free slot where it belongs.
std::size_t IdRegister::Segment::slot_of(std::uint64_t hash) const {
    // The 32 bits after those of the segment, scaled to the size, which need not be a power of two.
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

bool IdRegister::Bucket::contains(std::uint64_t hash) const {
    return slots_ > 0 && entry(entries_, slot_of(rest_of(hash))) != 0;
}

void IdRegister::Bucket::add(std::uint64_t hash) {
    if ((used_ + 1) * 8 > slots_ * 7) grow();
    put(rest_of(hash));
    ++used_;
}

std::uint64_t IdRegister::Bucket::entry(const std::vector<unsigned char>& entries, std::size_t slot) noexcept {
    std::uint64_t entry = 0;
    std::memcpy(&entry, entries.data() + slot * entry_bytes, sizeof entry);
    return entry & ((std::uint64_t{1} << 8 * entry_bytes) - 1);
}

/// Returns the slot of `rest`, or the free slot where it belongs.
std::size_t IdRegister::Bucket::slot_of(std::uint64_t rest) const {
    auto slot = static_cast<std::size_t>((rest >> 8) * slots_ >> 32);
    for (;;) {
        const std::uint64_t found = entry(entries_, slot);
        if (found == 0 || found == rest) return slot;
        slot = slot + 1 == slots_ ? 0 : slot + 1;
    }
}

void IdRegister::Bucket::put(std::uint64_t rest) {
    std::memcpy(entries_.data() + slot_of(rest) * entry_bytes, &rest, entry_bytes);
}

void IdRegister::Bucket::grow() {
    const std::uint32_t before = slots_;
    slots_ += std::max<std::uint32_t>(8, slots_ / 6);
    const std::vector<unsigned char> entries =
        std::exchange(entries_, std::vector<unsigned char>(slots_ * entry_bytes + padding));
    for (std::size_t slot = 0; slot < before; ++slot) {
        const std::uint64_t rest = entry(entries, slot);
        if (rest != 0) put(rest);
    }
}

}  // namespace plait::batch
