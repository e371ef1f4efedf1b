#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace plait {

/// The order in which a map returns its results.
enum class MapOrder : std::uint8_t { of_items, as_completed };

/// Options of a map.
struct MapOptions {
    /// The number of items that travel to a worker together; fewer to a process when they have more than some 48 KiB.
    /// 0: as many as make a millisecond of work, measured as they run; a chunk that takes much longer is divided again.
    std::size_t chunk = 0;
    /// The most items that were taken from the range and whose results were not taken. 0: sixteen chunks for each
    /// worker.
    std::size_t in_flight = 0;
    MapOrder order = MapOrder::of_items;
    /// Time limit of each item. For processes only: the worker of an item that is late is killed, and the item fails
    /// with `Error(timeout)`. A thread can't be stopped from outside.
    std::optional<Duration> limit = std::nullopt;
};

}  // namespace plait
