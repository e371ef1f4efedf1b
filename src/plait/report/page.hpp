#pragma once

#include "plait/report/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// Returns the page: one HTML file that shows the timelines, and needs neither the network nor another file.
///
/// The timelines stand one above the other on one time axis. `comparison_json` is the content of comparison.json, or
/// empty; other content is ignored. `explanation`, a few sentences, is shown at the top. Names from the timelines may
/// hold any bytes: none of them can end a script or become an element.
std::string page(const std::vector<Timeline>& timelines, std::string_view comparison_json,
                 std::string_view explanation);

}  // namespace plait::report
