#pragma once

#include "plait/base/text/line_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch::internal {

/// Reads a regular file line by line, in large reads, without moving its position.
class FileLines {
  public:
    struct Line {
        /// Without its line break. Valid until the next call.
        std::string_view text;
        /// The position of its first byte in the file.
        std::uint64_t offset = 0;
        /// Whether it ends with a line break. Only the last line of a file may lack one.
        bool is_whole = true;
    };

    /// `file` must outlive this. `name` is for errors.
    FileLines(int file, std::string name) : file_(file), name_(std::move(name)) {}

    /// A longer line is not a result of plait: even a result with an answer of 100 MiB, each byte of it escaped, is
    /// shorter.
    static constexpr std::size_t longest_line = std::size_t{1} << 30;

    /// Returns the next line; nothing at the end. Throws `Error(storage)` when the file can't be read, and
    /// `Error(bad_input)` for a line that is too long.
    std::optional<Line> next();

  private:
    bool read_more();

    int file_;
    std::string name_;
    LineBuffer buffer_{256 * 1024, longest_line + 1};
};

}  // namespace plait::batch::internal
