#pragma once

#include "plait/async/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

    /// Records where to ask for the job that the request of this line has started. Permanent when it returns; a later
    /// run asks there, and does not send the request again. Throws `Error(storage)`.
    virtual void record_poll(std::uint64_t /*line*/, std::string_view /*url*/) {}

    /// Returns where an earlier run asked for the job of this line; nothing if it recorded none.
    virtual std::optional<std::string> poll_of(std::uint64_t /*line*/) { return std::nullopt; }
};

}  // namespace plait::batch
