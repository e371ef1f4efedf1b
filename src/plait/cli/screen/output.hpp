#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace plait::cli {

/// The file name that stands for standard output.
inline constexpr std::string_view standard_output = "-";

/// Writes `text` to the file `path`, or to standard output. A file is replaced; a new one is readable by its owner
/// only. Throws `Error(storage)`.
void write_file(const std::string& path, std::string_view text);

/// Prints `text` to standard output or standard error, and flushes it. Throws `Error(storage)`.
void print(std::FILE* stream, std::string_view text);

}  // namespace plait::cli
