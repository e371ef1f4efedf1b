#pragma once

#include "plait/trace/recorder.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace plait::trace::internal {

/// Which row each followed task has: the lowest that was free. Every event of a loop looks up its task, so this is a
/// hash table with open addressing, at most half full.
class TaskRows {
  public:
    /// The row of a task, counted from 1; 0: it has none.
    std::uint32_t find(TaskId task) const noexcept { return entries_[place_of(task)].row; }

    /// Gives a task that has none the lowest free row.
    std::uint32_t add(TaskId task) {
        if (2 * ++size_ > entries_.size()) grow();
        const std::uint32_t row = take_row();
        entries_[place_of(task)] = {task, row};
        return row;
    }

    /// Frees the row of a task that has one.
    void remove(TaskId task) noexcept {
        std::size_t hole = place_of(task);
        free_row(entries_[hole].row);
        --size_;
        // Later entries move up, unless they would come before their home slot.
        for (std::size_t at = next(hole); entries_[at].task != 0; at = next(at)) {
            const std::size_t way_to_hole = (at - hole) & mask();
            const std::size_t way_from_home = (at - home_of(entries_[at].task)) & mask();
            if (way_from_home < way_to_hole) continue;
            entries_[hole] = entries_[at];
            hole = at;
        }
        entries_[hole] = Entry();
    }

  private:
    struct Entry {
        TaskId task = 0;
        std::uint32_t row = 0;
    };

    static constexpr std::uint32_t rows_per_word = 64;

    std::size_t mask() const noexcept { return entries_.size() - 1; }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

    /// The home slot of a task. Ids are consecutive, so neighbours are scattered: otherwise they would form one long
    /// run, in which each removal moves all entries behind it.
    std::size_t home_of(TaskId task) const noexcept {
        constexpr std::uint64_t golden_ratio = 0x9e37'79b9'7f4a'7c15;
        return (task * golden_ratio >> 32) & mask();
    }

    /// Where the task is, or would be.
    std::size_t place_of(TaskId task) const noexcept {
        std::size_t at = home_of(task);
        while (entries_[at].task != task && entries_[at].task != 0) at = next(at);
        return at;
    }

    void grow() {
        const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(2 * entries_.size()));
        for (const Entry& entry : old) {
            if (entry.task != 0) entries_[place_of(entry.task)] = entry;
        }
    }

    std::uint32_t take_row() {
        std::size_t word = 0;
        while (word < free_.size() && free_[word] == 0) ++word;
        if (word == free_.size()) free_.push_back(~std::uint64_t{0});
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(free_[word]));
        free_[word] &= free_[word] - 1;
        return static_cast<std::uint32_t>(word) * rows_per_word + bit + 1;
    }

    void free_row(std::uint32_t row) noexcept {
        free_[(row - 1) / rows_per_word] |= std::uint64_t{1} << ((row - 1) % rows_per_word);
    }

    std::vector<Entry> entries_ = std::vector<Entry>(64);  ///< always a power of two
    std::vector<std::uint64_t> free_;                      ///< a bit for each row
    std::size_t size_ = 0;
};

}  // namespace plait::trace::internal
