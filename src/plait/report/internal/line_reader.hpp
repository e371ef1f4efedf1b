#pragma once

#include "plait/base/text/line_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace plait::report::internal {

/// Reads lines from a stream, and holds one of them and little more in memory.
class LineReader {
  public:
    struct Line {
        /// Without its line break. Valid until the next call, and followed by as many readable bytes as simdjson needs.
        std::string_view text;
        /// Counted from 1.
        std::uint64_t number = 0;
        /// Whether a line break ends it; false for a last line without one.
        bool has_end = true;
    };

    /// `input` must outlive the reader. `name` is for errors.
    LineReader(std::istream& input, std::string name, std::size_t longest);

    /// Returns the next line; nothing at the end. Throws `Error(bad_input)` for a line that is longer than the bound,
    /// and `Error(storage)` when the stream fails.
    std::optional<Line> next();

    /// Returns at most `size` bytes of the lines to come.
    std::string_view peek(std::size_t size);

  private:
    void read_more();

    std::istream& input_;
    std::string name_;
    std::size_t longest_;
    LineBuffer buffer_;
    bool is_at_end_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace plait::report::internal
