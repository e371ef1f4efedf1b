#pragma once

#include "plait/async/task.hpp"

#include <string_view>

namespace plait::batch {

/// Where result lines go.
class Sink {
  public:
    virtual ~Sink() = default;

    /// Writes `lines`, whole ones, which outlive the task; may wait for a reader. False when nobody reads any more.
    /// Throws `Error(storage)` when they can't be written; what was written before ends with a whole line. One call at
    /// a time.
    virtual Task<bool> write(std::string_view lines) = 0;
};

}  // namespace plait::batch
