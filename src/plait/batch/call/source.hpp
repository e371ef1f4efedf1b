#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"

#include <cstdint>
#include <optional>

namespace plait::batch {

/// Yields the requests of a run, one at a time, when the run has room for it.
class Source {
  public:
    virtual ~Source() = default;

    /// Waits for the next request; nothing at the end. A line that is not a request is an item, too. Throws
    /// `Error(storage)` when the input can't be read. One call at a time.
    virtual Task<std::optional<SourceItem>> next() = 0;

    /// Returns the approximate number of all items, if it is known without waiting. May read a whole file.
    virtual std::optional<std::uint64_t> total() = 0;
};

}  // namespace plait::batch
