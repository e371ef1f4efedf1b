#pragma once

#include "plait/base/unique_fd.hpp"

#include <string>

namespace plait {

/// Creates the file `path` for writing; only its owner may read it. An existing file is emptied if `overwrite`, else
/// refused with `Error(bad_input)`; a device or a pipe is opened as it is. Throws `Error(storage)` when the file can't
/// be created.
UniqueFd create_file(const std::string& path, bool overwrite);

}  // namespace plait
