#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/activity.hpp"

#include <string_view>
#include <vector>

namespace plait::report::internal {

/// The unit of the lengths in `states`.
inline constexpr Duration tenth_of_microsecond{100};

/// Parses the `states` of a call in a trace, such as `R12r3d0`: letters of activities, each followed by tenths of
/// microseconds. Leaves out those that took no time. Throws `Error(bad_input)`.
std::vector<trace::Segment> segments_in(std::string_view states);

/// Returns the length of all segments together. Throws `Error(bad_input)` if it is longer than `longest_time`.
Duration sum_of(const std::vector<trace::Segment>& segments);

}  // namespace plait::report::internal
