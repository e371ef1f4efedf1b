#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Knows which ids a run has seen, and on which line.
///
/// An id that somebody chose takes 12 bytes in a table that is half to nine tenths full; one that is `line-<n>` on line
/// n takes a bit. So a million ids take about 17 MB. Ids are told apart by 64-bit hashes: among a million different
/// ones the chance that any two are taken for the same is one in forty million, and then a call is refused, loudly.
class IdRegister {
  public:
    /// Notes that `line` has this id. The line that had it before, if any; then nothing is noted.
    std::optional<std::uint64_t> claim(std::string_view id, std::uint64_t line);

  private:
    /// A part of the table, by open addressing. It grows alone, so that growing needs little room.
    class Segment {
      public:
        std::optional<std::uint64_t> find(std::uint64_t hash) const;
        void add(std::uint64_t hash, std::uint32_t line);

      private:
        std::size_t slot_of(std::uint64_t hash) const;
        void grow();

        std::vector<std::uint64_t> hashes_;  ///< 0: a free slot
        std::vector<std::uint32_t> lines_;
        std::size_t used_ = 0;
    };

    bool has_own_id(std::uint64_t line) const { return line < has_own_id_.size() && has_own_id_[line]; }

    std::array<Segment, 64> segments_;
    std::vector<bool> has_own_id_;      ///< lines n whose id is `line-<n>`
    bool has_foreign_line_id_ = false;  ///< some line has an id that looks like that of another
};

}  // namespace plait::batch
