#pragma once

#include "plait/report/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// The page: one HTML file that shows the timelines and needs nothing else, neither the network nor another file.
///
/// The timelines stand one above the other on one time axis. `comparison_json` is the content of comparison.json, or
/// empty; what is no JSON is left out. `explanation` is the text that stands at the top, one or a few sentences. Names
/// from the timelines may hold any bytes: none of them can end a script or become an element.
std::string page(const std::vector<Timeline>& timelines, std::string_view comparison_json,
                 std::string_view explanation);

}  // namespace plait::report
