#pragma once

#include <string>

namespace plait::batch {

/// Whether a run has these results open: it holds a lock (flock) on the file from its begin to its end, however it
/// ends. False when there is no such file. Throws `Error(storage)` when that can't be found out.
bool is_locked_by_run(const std::string& results_path);

}  // namespace plait::batch
