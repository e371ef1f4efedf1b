#pragma once

#include <cstddef>
#include <string>

namespace plait {

/// Returns the content of the file `path`. Throws `Error(bad_input)` with its name when it can't be read, is not a
/// plain file, or is larger than `most` bytes, a whole number of KiB.
std::string read_file(const std::string& path, std::size_t most);

}  // namespace plait
