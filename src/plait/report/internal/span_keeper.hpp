#pragma once

#include "plait/report/timeline.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::report::internal {

/// Collects the spans of a timeline. Whenever there are too many, it keeps every second one.
class SpanKeeper {
  public:
    /// `timeline` must outlive the keeper.
    SpanKeeper(Timeline& timeline, std::size_t most);

    void add(Span span);

    /// Sorts the spans by their begin, and records in the timeline how much it was thinned.
    void finish();

  private:
    Timeline& timeline_;
    std::size_t most_;
    std::uint32_t one_in_ = 1;
    std::uint32_t left_out_ = 0;  ///< since the last one that was kept
};

}  // namespace plait::report::internal
