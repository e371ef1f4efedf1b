#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// Reads a regular file line by line, at the speed of large reads, and leaves its position alone.
class FileLines {
  public:
    struct Line {
        /// Without its line break. Valid until the next call.
        std::string_view text;
        /// Of its first byte in the file.
        std::uint64_t offset = 0;
        /// It ends with a line break; only the last one of a file may not.
        bool is_whole = true;
    };

    /// The file outlives this; `name` stands in errors.
    FileLines(int file, std::string name) : file_(file), name_(std::move(name)) {}

    /// A longer line is none of ours: an answer of 100 MiB, each byte of it escaped, is shorter.
    static constexpr std::size_t longest_line = std::size_t{1} << 30;

    /// The next line; nothing at the end. Throws `Error(storage)` when the file can't be read, and `Error(bad_input)`
    /// for a line that is too long.
    std::optional<Line> next();

  private:
    bool read_more();

    int file_;
    std::string name_;
    std::vector<char> buffer_;
    std::uint64_t offset_ = 0;  ///< of the buffer's first byte
    std::size_t begin_ = 0;     ///< of the bytes not handed out
    std::size_t scanned_ = 0;   ///< up to here there is no line break
    std::size_t end_ = 0;
};

}  // namespace plait::batch::internal
