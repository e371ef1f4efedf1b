#pragma once

#include "plait/base/clock.hpp"

#include <chrono>
#include <cstddef>

namespace plait::internal {

/// How much work a message to a worker is to carry. Handing it over and back costs some 20 µs, so 2 % of this.
inline constexpr Duration work_of_a_chunk = std::chrono::milliseconds(1);

/// A chunk that has run for so long ends, and gives back the items that it has not begun: they are slower than those
/// before, and other workers may be idle.
inline constexpr Duration longest_work_of_a_chunk = 4 * work_of_a_chunk;

/// The most items of a chunk: that makes the cost of a message some 5 ns an item.
inline constexpr std::size_t most_items_of_a_chunk = 4096;

/// How large the next chunk is when one that was meant to be of `size` items has done `items` of them in `took`. It
/// grows at most fourfold: a few quick items say little of those that come.
std::size_t next_chunk_size(std::size_t size, std::size_t items, Duration took) noexcept;

/// The largest chunk such that each worker has one in hand and one at the door while no more than `in_flight` items
/// are out. At least 1.
std::size_t largest_chunk_size(std::size_t in_flight, std::size_t workers) noexcept;

}  // namespace plait::internal
