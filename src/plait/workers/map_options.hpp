#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace plait {

/// In which order a map gives its results.
enum class MapOrder : std::uint8_t { of_items, as_completed };

/// How a pool works through the items of a map.
struct MapOptions {
    /// So many items travel to a worker together, to a process fewer when they have more than some 48 KiB. 0: as many
    /// as make a millisecond of work, measured as they run; a chunk that takes much longer than that is divided again.
    std::size_t chunk = 0;
    /// The most items that were asked for and whose results were not taken. 0: sixteen chunks for each worker.
    std::size_t in_flight = 0;
    MapOrder order = MapOrder::of_items;
    /// How long each item may run. For processes only: then its worker is killed and the item gives Error(timeout).
    /// A thread can't be stopped from outside.
    std::optional<Duration> limit = std::nullopt;
};

}  // namespace plait
