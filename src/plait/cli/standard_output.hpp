#pragma once

#include <string_view>

namespace plait::cli {

/// Writes all of `text` to standard output. Throws `Error(storage)` when it can't.
void print(std::string_view text);

}  // namespace plait::cli
