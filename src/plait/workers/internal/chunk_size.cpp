#include "plait/workers/internal/chunk_size.hpp"

#include <algorithm>

namespace plait::internal {

std::size_t next_chunk_size(std::size_t size, std::size_t items, Duration took) noexcept {
    constexpr std::size_t fastest_growth = 4;
    if (items == 0) return size;
    const std::size_t most = std::min(fastest_growth * size, most_items_of_a_chunk);
    const auto an_item = static_cast<double>(took.count()) / static_cast<double>(items);
    if (an_item * static_cast<double>(most) <= static_cast<double>(work_of_a_chunk.count())) return most;
    return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(work_of_a_chunk.count()) / an_item));
}

std::size_t largest_chunk_size(std::size_t in_flight, std::size_t workers) noexcept {
    return std::max<std::size_t>(1, in_flight / (2 * workers));
}

}  // namespace plait::internal
