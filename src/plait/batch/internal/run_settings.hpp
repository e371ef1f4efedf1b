#pragma once

#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/run_options.hpp"

namespace plait::batch::internal {

/// Returns the settings that decide what the results mean, so that a resumed run must have the same. They are named as
/// the command's flags.
Settings settings_that_matter(const RunOptions& options);

}  // namespace plait::batch::internal
