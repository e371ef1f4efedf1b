#pragma once

#include "plait/async/task.hpp"

#include <string_view>

namespace plait::batch {

/// Takes the result lines of a run.
class Sink {
  public:
    virtual ~Sink() = default;

    /// Writes whole lines, which outlive the task; may wait for a reader. Returns false when nobody reads any more.
    /// Throws `Error(storage)` if they can't be written; the output then ends with a whole line. One call at a time.
    virtual Task<bool> write(std::string_view lines) = 0;
};

}  // namespace plait::batch
