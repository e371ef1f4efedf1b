#pragma once

#include "plait/async/task.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/lines/input_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Reads a file, pipe or terminal line by line, never more than a buffer ahead. What is compressed is unpacked (see
/// `InputBytes`).
class LineReader {
  public:
    /// A longer line is no request but a file of another kind; its beginning is all that is kept.
    static constexpr std::size_t longest_line = 32 * 1024 * 1024;

    struct Line {
        /// Without its line break. Valid until the next call.
        std::string_view text;
        /// Counted from 1.
        std::uint64_t number = 0;
        /// The line is longer than the limit, and `text` is only how it begins.
        bool is_cut = false;
    };

    /// `name` stands in errors. Throws as `InputBytes`.
    LineReader(UniqueFd input, std::string name, std::size_t longest = longest_line);

    /// Waits for the next line; nothing at the end. Throws as `InputBytes::read`.
    Task<std::optional<Line>> next();

    /// A second reader of the same file, from its beginning; nothing for a pipe or a terminal.
    std::optional<LineReader> again() const;

    const std::string& name() const noexcept { return bytes_.name(); }

    /// How many lines a file has in all; nothing for one that is compressed, for a pipe or a terminal. Reads through
    /// the file on the first call, beside what `next` reads. Blank lines and those that begin with `#` are not counted.
    std::optional<std::uint64_t> count_lines();

  private:
    LineReader(InputBytes bytes, std::size_t longest);
    std::optional<Line> take_line();
    Line take(std::size_t size, std::size_t ending);
    void make_room();
    Task<bool> read_more();

    InputBytes bytes_;
    std::size_t longest_;
    std::optional<std::uint64_t> line_count_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;    ///< of the bytes not handed out
    std::size_t scanned_ = 0;  ///< up to here there is no line break
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;
    bool skipping_ = false;  ///< the rest of a line that was cut
};

}  // namespace plait::batch
