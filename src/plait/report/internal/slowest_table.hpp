#pragma once

#include "plait/report/internal/text_writer.hpp"
#include "plait/report/text_picture.hpp"
#include "plait/report/timeline.hpp"

#include <string>
#include <vector>

namespace plait::report::internal {

/// Writes the table of the slowest calls of each timeline. A narrow terminal has fewer columns of it. `titles` are
/// those of the timelines.
void write_slowest(TextWriter& writer, const TextOptions& options, const std::vector<Timeline>& timelines,
                   const std::vector<std::string>& titles);

}  // namespace plait::report::internal
