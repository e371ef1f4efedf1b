#pragma once

#include "plait/base/unique_fd.hpp"

namespace plait {

/// Returns a descriptor of our own for the pipe or terminal behind `fd`, 0 or 1; for anything else a duplicate.
///
/// Waiting needs a non-blocking descriptor. That is a property of the open file, which other programs share and rely
/// on, so the file is opened again.
UniqueFd reopen_standard_stream(int fd);

}  // namespace plait
