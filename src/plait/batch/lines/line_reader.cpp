#include "plait/batch/lines/line_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

constexpr std::size_t first_buffer = 64 * 1024;

}  // namespace

LineReader::LineReader(UniqueFd input, std::string name, std::size_t longest)
    : LineReader(InputBytes(std::move(input), std::move(name)), longest) {}

LineReader::LineReader(InputBytes bytes, std::size_t longest)
    : bytes_(std::move(bytes)), longest_(longest), buffer_(std::min(first_buffer, longest + 1), longest + 1) {}

ValueTask<std::optional<LineReader::Line>> LineReader::next() {
    if (std::optional<Line> line = take_line()) return line;
    return read_line();
}

Task<std::optional<LineReader::Line>> LineReader::read_line() {
    for (;;) {
        const std::size_t got = co_await bytes_.read(buffer_.room());
        buffer_.add(got);
        if (got > 0) {
            if (std::optional<Line> line = take_line()) co_return line;
            continue;
        }
        if (std::exchange(skipping_, false) || buffer_.rest().empty()) co_return std::nullopt;
        co_return number(buffer_.take_rest());  // the last line has no line break
    }
}

/// Returns the next line that is complete, or known to be too long.
std::optional<LineReader::Line> LineReader::take_line() {
    while (const auto text = buffer_.take_line()) {
        if (!std::exchange(skipping_, false)) return number(*text);
    }
    if (skipping_) buffer_.take_rest();
    if (buffer_.rest().size() <= longest_) return std::nullopt;
    skipping_ = true;
    Line line = number(buffer_.take_rest());
    line.is_cut = true;
    return line;
}

LineReader::Line LineReader::number(std::string_view text) {
    const bool ends_with_crlf = text.ends_with('\r');
    if (ends_with_crlf) text.remove_suffix(1);
    return Line{text, ++number_, false, ends_with_crlf};
}

std::optional<LineReader> LineReader::again() const {
    std::optional<InputBytes> bytes = bytes_.again();
    if (!bytes) return std::nullopt;
    return LineReader(std::move(*bytes), longest_);
}

void show_line(const std::optional<LineReader::Line>& line, InputWatch*& watch) {
    if (watch && line) {
        watch->see(line->text);
        watch->refuse_appended();
    } else if (watch) {
        std::exchange(watch, nullptr)->end();
    }
}

std::optional<std::uint64_t> LineReader::count_lines() {
    const std::optional<int> file = bytes_.plain_file();
    if (!file || line_count_) return line_count_;
    std::vector<char> block(first_buffer);
    constexpr std::string_view blank = " \t\r\v\f";
    std::uint64_t lines = 0;
    bool is_known = false;  // whether the present line counts
    off_t offset = 0;
    for (;;) {
        const ssize_t got = ::pread(*file, block.data(), block.size(), offset);
        if (got <= 0) break;
        offset += got;
        std::string_view rest(block.data(), static_cast<std::size_t>(got));
        while (!rest.empty()) {
            const std::size_t at = is_known ? rest.find('\n') : rest.find_first_not_of(blank);
            if (at == std::string_view::npos) break;
            is_known = rest[at] != '\n';
            lines += is_known && rest[at] != '#';
            rest.remove_prefix(at + 1);
        }
    }
    return line_count_ = lines;
}

}  // namespace plait::batch
