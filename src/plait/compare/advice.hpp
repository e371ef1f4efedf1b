#pragma once

#include "plait/compare/measure/measurement.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::compare {

/// The bottleneck of the work.
enum class Bound {
    io,           ///< it waits far more than it computes
    cpu,          ///< it computes
    third_party,  ///< the server answers more slowly, or refuses, with more in flight
    this_machine  ///< it waits, but so much is in flight that the processors are busy
};

/// Returns the bound as comparison.json spells it.
std::string_view to_string(Bound bound) noexcept;

/// The conclusion of a comparison.
class Advice {
  public:
    Advice() {}

    std::optional<Bound> bound;  ///< nothing if unknown
    std::string text;            ///< a few sentences: which way to use, and why
};

/// Draws the conclusion from the measurements. The bounds:
/// - `third_party`: at least 1 % of some row's calls were answered 429 or 503; or the median call takes twice as long
/// (and 5 ms more) with the most in flight as it takes with the fewest, while processors are free.
/// - `cpu`: with the fewest in flight, less than half of a call's or a job's time is waiting.
/// - `this_machine`: the best way uses at least 80 % of the processors that it can use.
/// - `io`: otherwise.
///
/// It advises the smallest way that is good enough: of those that reach 90 % of the best throughput, the one with the
/// fewest workers, and among these the fewest in flight.
Advice advise(const Comparison& comparison);

/// Returns the smallest of these rows that is good enough, as in `advise`; null if none finished anything.
const Row* least_good_enough(const std::vector<const Row*>& rows) noexcept;

}  // namespace plait::compare
