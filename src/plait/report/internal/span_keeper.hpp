#pragma once

#include "plait/report/timeline.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::report::internal {

/// Collects the spans of a timeline, and keeps every second one whenever there are too many of them.
class SpanKeeper {
  public:
    /// `timeline` outlives the keeper.
    SpanKeeper(Timeline& timeline, std::size_t most);

    void add(Span span);

    /// Puts the spans in the order of their begin, and says how long the timeline is and how much it was thinned.
    void finish();

  private:
    Timeline& timeline_;
    std::size_t most_;
    std::uint32_t one_in_ = 1;
    std::uint32_t left_out_ = 0;  ///< since the last one that was kept
};

}  // namespace plait::report::internal
