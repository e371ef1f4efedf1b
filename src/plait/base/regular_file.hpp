#pragma once

#include "plait/base/unique_fd.hpp"

namespace plait {

/// Whether `file` is a regular file, which never makes its reader wait: no pipe, terminal or device.
bool is_regular_file(const UniqueFd& file) noexcept;

}  // namespace plait
