#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace plait::cli {

/// What names standard output where a file can be named.
inline constexpr std::string_view standard_output = "-";

/// Writes `text` to the file `path`, which is made so that its owner alone may read it, or replaced; or to standard
/// output. Throws `Error(storage)`.
void write_file(const std::string& path, std::string_view text);

/// Prints `text` to standard output or error, at once. Throws `Error(storage)`.
void print(std::FILE* stream, std::string_view text);

}  // namespace plait::cli
