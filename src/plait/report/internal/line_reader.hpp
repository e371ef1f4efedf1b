#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::report::internal {

/// Reads lines from a stream, holding no more than one of them and a little beside it.
class LineReader {
  public:
    struct Line {
        /// Without its line break, valid until the next call, and followed by as many readable bytes as simdjson wants.
        std::string_view text;
        /// Counted from 1.
        std::uint64_t number = 0;
        /// The file goes on behind it: false for the last line without a line break.
        bool has_end = true;
    };

    /// `name` stands in errors; `input` outlives the reader.
    LineReader(std::istream& input, std::string name, std::size_t longest);

    /// The next line; nothing at the end. Throws `Error(bad_input)` for a line that is longer than the bound, and
    /// `Error(storage)` when the stream fails.
    std::optional<Line> next();

    /// The first bytes of what `next` has not handed out, at most `size`.
    std::string_view peek(std::size_t size);

  private:
    void read_more();

    std::istream& input_;
    std::string name_;
    std::size_t longest_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  ///< of what is not handed out
    std::size_t end_ = 0;
    bool is_at_end_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace plait::report::internal
