#pragma once

#include "plait/async/task.hpp"

#include <cstdint>

namespace plait::batch {

/// Remembers which requests were about to leave, of those that must not leave twice: so a later run knows what may have
/// been done.
class SendLog {
  public:
    virtual ~SendLog() = default;

    /// The request of this line is about to leave. True when that is noted for good; false when it has to be waited
    /// for.
    virtual bool try_record(std::uint64_t line) = 0;

    /// The request of this line is about to leave: noted for good when the task ends. Throws `Error(storage)`; then
    /// nothing may leave any more.
    virtual Task<void> record(std::uint64_t line) = 0;

    /// It has not left, or was refused: surely nothing was done.
    virtual void retract(std::uint64_t line) = 0;
};

}  // namespace plait::batch
