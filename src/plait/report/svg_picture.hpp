#pragma once

#include "plait/report/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// The picture of the timelines as one SVG document: lanes on one time axis, with a legend, in light and in dark
/// colours as the reader's device asks for.
///
/// Its size is bounded: rows of calls are folded together, and times to the pixel. `explanation` becomes its
/// description, for those who can't see it. Names may hold any bytes.
std::string svg_picture(const std::vector<Timeline>& timelines, std::string_view explanation);

}  // namespace plait::report
