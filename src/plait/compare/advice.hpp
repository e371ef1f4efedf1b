#pragma once

#include "plait/compare/measurement.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::compare {

/// What sets the pace of the work.
enum class Bound {
    io,           ///< it waits far more than it computes
    cpu,          ///< it computes
    third_party,  ///< the other side answers slower, or refuses, when it is asked for more at a time
    this_machine  ///< it waits, but so much is done at a time that the processors are busy
};

/// The bound as comparison.json spells it.
std::string_view to_string(Bound bound) noexcept;

/// What follows from a comparison.
class Advice {
  public:
    Advice() {}

    std::optional<Bound> bound;  ///< nothing when nothing can be said
    std::string text;            ///< some sentences: which way to use, and why
};

/// What the measurements say. The limits between the verdicts:
/// - `third_party`: at least 1 % of some row's calls were answered 429 or 503; or the median call takes twice as long
///   (and 5 ms more) with the most in flight as it takes with the fewest, while processors are free.
/// - `cpu`: with the fewest in flight, less than half of a call's or a job's time is waiting.
/// - `this_machine`: the best way uses at least 80 % of the processors that it can use.
/// - `io`: else.
///
/// What is advised is the least that is good enough: of the ways that reach 90 % of the best throughput, the one with
/// the fewest workers, and of these with the fewest in flight.
Advice advise(const Comparison& comparison);

/// Of rows of one kind, the least that is good enough, as in `advise`; null when none has done anything.
const Row* least_good_enough(const std::vector<const Row*>& rows) noexcept;

}  // namespace plait::compare
