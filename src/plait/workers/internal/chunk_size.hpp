#pragma once

#include "plait/base/clock.hpp"

#include <chrono>
#include <cstddef>

namespace plait::internal {

/// The work that a message to a worker should carry. Passing it there and back costs some 20 µs, 2 % of this.
inline constexpr Duration work_of_a_chunk = std::chrono::milliseconds(1);

/// A chunk that has run for this long ends, and returns the items that it has not begun: they are slower than those
/// before, and other workers may be idle.
inline constexpr Duration longest_work_of_a_chunk = 4 * work_of_a_chunk;

/// The most items of a chunk: that makes the cost of a message some 5 ns an item.
inline constexpr std::size_t most_items_of_a_chunk = 4096;

/// Returns the size of the next chunk, after one of `size` items did `items` of them in `took`. It grows at most
/// fourfold: a few quick items say little about the next ones.
std::size_t next_chunk_size(std::size_t size, std::size_t items, Duration took) noexcept;

/// The largest chunk such that each worker has one running and one queued while no more than `in_flight` items are out.
/// At least 1.
std::size_t largest_chunk_size(std::size_t in_flight, std::size_t workers) noexcept;

}  // namespace plait::internal
