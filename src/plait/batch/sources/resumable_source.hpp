#pragma once

#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"

#include <optional>
#include <string>

namespace plait::batch {

/// A source that a later run can resume.
class ResumableSource : public Source {
  public:
    /// The name for messages.
    virtual std::string name() const = 0;

    /// Where another command finds it; nothing when it can't be read again.
    virtual std::optional<std::string> path() const = 0;

    /// Skips these lines without parsing them. The set must outlive the source. Call it before the first `next`.
    virtual void skip(const LineSet& lines) = 0;

    /// Shows each line to `watch`: all lines of a file before this returns; lines of other inputs as they are read, so
    /// that `next` throws what `watch` throws. `watch` must outlive the source. Call it before the first `next`.
    virtual void show_to(InputWatch& watch) = 0;
};

}  // namespace plait::batch
