#pragma once

#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"

#include <optional>
#include <string>

namespace plait::batch {

/// A source that a later run can go on with.
class ResumableSource : public Source {
  public:
    /// As messages name it.
    virtual std::string name() const = 0;

    /// Where another command finds it; nothing when it can't be read a second time.
    virtual std::optional<std::string> path() const = 0;

    /// Leaves these lines out, without a look at what they are. The set outlives the source. Before the first `next`.
    virtual void skip(const LineSet& lines) = 0;

    /// Shows each line to `watch`: what can be read through at once, before this returns; else while it is read, so
    /// that `next` throws what `watch` does. It outlives the source. Before the first `next`.
    virtual void show_to(InputWatch& watch) = 0;
};

}  // namespace plait::batch
