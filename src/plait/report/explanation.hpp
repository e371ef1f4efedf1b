#pragma once

#include "plait/report/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// Explains the timelines in a few plain sentences, drawn from what was measured.
///
/// For one timeline: how the calls spent their time, what held them up, and which call was far slower than the others.
/// For several: how much faster each was than `sync`, or than the slowest, and why. The `advice` of `comparison_json`,
/// the content of comparison.json, comes first; other content is ignored.
std::string explanation(const std::vector<Timeline>& timelines, std::string_view comparison_json);

}  // namespace plait::report
