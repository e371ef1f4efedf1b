#pragma once

#include "plait/async/task.hpp"
#include "plait/async/value_task.hpp"
#include "plait/base/text/line_buffer.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/lines/input_bytes.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Reads a file, pipe or terminal line by line, and at most a buffer ahead. Decompresses packed input (see
/// `InputBytes`).
class LineReader {
  public:
    /// A longer line is not a request: the file is of another kind. Only the beginning of the line is kept.
    static constexpr std::size_t longest_line = 32 * 1024 * 1024;

    struct Line {
        /// Without its line break. Valid until the next call.
        std::string_view text;
        /// Counted from 1.
        std::uint64_t number = 0;
        /// Whether the line is longer than the limit, so that `text` is only its beginning.
        bool is_cut = false;
        /// Whether its line break is CR LF.
        bool ends_with_crlf = false;
    };

    /// `name` is for errors. Throws as `InputBytes` does.
    LineReader(UniqueFd input, std::string name, std::size_t longest = longest_line);

    /// Waits for the next line. Returns nothing at the end. Throws as `InputBytes::read` does.
    ValueTask<std::optional<Line>> next();

    /// Returns a second reader of the same file, which starts at its beginning; nothing for a pipe or a terminal.
    std::optional<LineReader> again() const;

    const std::string& name() const noexcept { return bytes_.name(); }

    /// Counts the lines of the file, other than blank lines and those that begin with `#`. Returns nothing for
    /// compressed input, a pipe or a terminal. The first call reads the whole file, independently of `next`.
    std::optional<std::uint64_t> count_lines();

  private:
    LineReader(InputBytes bytes, std::size_t longest);
    std::optional<Line> take_line();
    Task<std::optional<Line>> read_line();
    Line number(std::string_view text);

    InputBytes bytes_;
    std::size_t longest_;
    std::optional<std::uint64_t> line_count_;
    LineBuffer buffer_;
    std::uint64_t number_ = 0;
    bool skipping_ = false;  ///< the rest of a line that was cut
};

/// Shows `watch` a line that was read while the run goes on, which must not be an appended one. Nothing: the input has
/// ended, and `watch` is null from then on. Null: nobody watches. Throws as `InputWatch` does.
void show_line(const std::optional<LineReader::Line>& line, InputWatch*& watch);

}  // namespace plait::batch
