#pragma once

#include "plait/batch/call/line_set.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Remembers the ids of a run and, of the first two million, their lines.
///
/// An id that is `line-<n>` on line n takes a bit. A chosen id takes 12 bytes in a table that is half to nine tenths
/// full. From two million chosen ids on, the lines are dropped, and an id takes 5 bytes in a table that is three
/// quarters to seven eighths full. So a million ids take about 17 MB, and ten million about 70. Ids are compared by
/// hashes of 64 bits, later of 56: the chance that any two different ids are taken for the same is one in forty million
/// among a million of them, and one in fourteen hundred among ten million. A call is then refused with an error.
class IdRegister {
  public:
    /// Returned by `claim` for an id whose line is no longer known.
    static constexpr std::uint64_t earlier_line = 0;

    /// With more chosen ids than this, their lines are dropped.
    static constexpr std::uint64_t most_with_lines = 2'000'000;

    explicit IdRegister(std::uint64_t most = most_with_lines) : most_with_lines_(most) {}

    /// Claims this id for `line`. If another line has it already, returns that line, or `earlier_line`, and changes
    /// nothing.
    std::optional<std::uint64_t> claim(std::string_view id, std::uint64_t line);

  private:
    /// A part of the table, with open addressing. Each part grows separately, so that growing needs little memory.
    class Segment {
      public:
        std::optional<std::uint64_t> find(std::uint64_t hash) const;
        void add(std::uint64_t hash, std::uint32_t line);
        const std::vector<std::uint64_t>& hashes() const noexcept { return hashes_; }

      private:
        std::size_t slot_of(std::uint64_t hash) const;
        void grow();

        std::vector<std::uint64_t> hashes_;  ///< 0: a free slot
        std::vector<std::uint32_t> lines_;
        std::size_t used_ = 0;
    };

    /// A part of the table that replaces it. 16 bits of a hash choose the part, which stores 40 more.
    class Bucket {
      public:
        bool contains(std::uint64_t hash) const;
        void add(std::uint64_t hash);

      private:
        static constexpr std::size_t entry_bytes = 5;
        /// Follows the last entry, so that each can be read as 8 bytes, which is much faster than 5.
        static constexpr std::size_t padding = 3;

        static std::uint64_t entry(const std::vector<unsigned char>& entries, std::size_t slot) noexcept;
        std::size_t slot_of(std::uint64_t rest) const;
        void put(std::uint64_t rest);
        void grow();

        std::vector<unsigned char> entries_;  ///< all zeros: a free slot
        std::uint32_t slots_ = 0;
        std::uint32_t used_ = 0;
    };

    bool has_own_id(std::uint64_t line) const { return own_ids_.contains(line); }
    std::optional<std::uint64_t> find(std::uint64_t hash) const;
    void add(std::uint64_t hash, std::uint64_t line);
    void drop_lines();

    std::uint64_t most_with_lines_;
    std::uint64_t chosen_ids_ = 0;
    std::array<Segment, 64> segments_;
    std::vector<Bucket> buckets_;       ///< instead of the segments, once the lines are dropped
    LineSet own_ids_;                   ///< lines n whose id is `line-<n>`
    bool has_foreign_line_id_ = false;  ///< some line has an id that looks like that of another
};

}  // namespace plait::batch
