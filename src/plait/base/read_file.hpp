#pragma once

#include <cstddef>
#include <string>

namespace plait {

/// What stands in the file `path`. Throws `Error(bad_input)` that names it when it can't be read, is no plain file, or
/// is larger than `most` bytes, a whole number of KiB.
std::string read_file(const std::string& path, std::size_t most);

}  // namespace plait
