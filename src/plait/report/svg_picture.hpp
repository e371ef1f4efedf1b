#pragma once

#include "plait/report/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// Returns a picture of the timelines as one SVG document: lanes on one time axis with a legend, in light or dark
/// colours as the reader's device asks for.
///
/// Its size is bounded: rows of calls are folded together, and times are rounded to pixels. `explanation` becomes its
/// description, for people who can't see it. Names may hold any bytes.
std::string svg_picture(const std::vector<Timeline>& timelines, std::string_view explanation);

}  // namespace plait::report
