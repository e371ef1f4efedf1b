#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"

#include <cstdint>
#include <optional>

namespace plait::batch {

/// Where a run's requests come from. Read lazily: an item is made when the run has room for it.
class Source {
  public:
    virtual ~Source() = default;

    /// Waits for the next request; nothing at the end. A line that is no request is an item, too. Throws
    /// `Error(storage)` when the input can't be read. One call at a time.
    virtual Task<std::optional<SourceItem>> next() = 0;

    /// About how many items there are in all, when that can be found out without waiting. May read through a file.
    virtual std::optional<std::uint64_t> total() = 0;
};

}  // namespace plait::batch
