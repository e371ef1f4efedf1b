#pragma once

#include "plait/base/unique_fd.hpp"

namespace plait {

/// A descriptor of our own for the pipe or terminal behind `fd`, 0 or 1; for anything else a duplicate.
///
/// Waiting needs a non-blocking descriptor, and that is a property of the open file, which other programs share: they
/// would be surprised by it. So the file is opened anew.
UniqueFd reopen_standard_stream(int fd);

}  // namespace plait
