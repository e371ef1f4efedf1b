#pragma once

#include "plait/async/task.hpp"

#include <cstdint>

namespace plait::batch {

/// Records which unsafe requests are about to be sent, so that a later run knows which may have been executed.
class SendLog {
  public:
    virtual ~SendLog() = default;

    /// Records that the request of this line is about to be sent, if that takes no time; else returns false.
    virtual bool try_record(std::uint64_t line) = 0;

    /// Records that the request of this line is about to be sent; the record is permanent when the task ends. Throws
    /// `Error(storage)`; no unsafe request may be sent after that.
    virtual Task<void> record(std::uint64_t line) = 0;

    /// Takes the record back: the request was not sent, or was refused, so it was certainly not executed.
    virtual void retract(std::uint64_t line) = 0;
};

}  // namespace plait::batch
