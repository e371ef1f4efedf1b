#pragma once

#include <string>

namespace plait::batch {

/// Whether a run has these results open: it locks the file (flock) from its start to its end, however it ends. False if
/// there is no such file. Throws `Error(storage)` if that can't be determined.
bool is_locked_by_run(const std::string& results_path);

}  // namespace plait::batch
