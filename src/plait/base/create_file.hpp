#pragma once

#include "plait/base/unique_fd.hpp"

#include <string>

namespace plait {

/// Makes the file `path`, which its owner alone may read, to be written. One that exists is emptied if `overwrite`,
/// else refused with `Error(bad_input)`; a device or a pipe is taken as it is. Throws `Error(storage)` when it can't be
/// made.
UniqueFd create_file(const std::string& path, bool overwrite);

}  // namespace plait
