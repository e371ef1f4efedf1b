#include "plait/batch/lines/line_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::size_t first_buffer = 64 * 1024;

}  // namespace

LineReader::LineReader(UniqueFd input, std::string name, std::size_t longest)
    : LineReader(InputBytes(std::move(input), std::move(name)), longest) {}

LineReader::LineReader(InputBytes bytes, std::size_t longest)
    : bytes_(std::move(bytes)), longest_(longest), buffer_(std::min(first_buffer, longest + 1)) {}

Task<std::optional<LineReader::Line>> LineReader::next() {
    for (;;) {
        if (std::optional<Line> line = take_line()) co_return line;
        const bool more = co_await read_more();
        if (more) continue;
        if (std::exchange(skipping_, false) || begin_ == end_) co_return std::nullopt;
        co_return take(end_ - begin_, 0);  // the last line has no line break
    }
}

/// The next line that lies in the buffer whole, or is known to be too long.
std::optional<LineReader::Line> LineReader::take_line() {
    for (;;) {
        const void* found = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
        if (!found) {
            scanned_ = end_;
            if (skipping_) begin_ = end_;
            if (end_ - begin_ <= longest_) return std::nullopt;
            skipping_ = true;
            Line line = take(end_ - begin_, 0);
            line.is_cut = true;
            return line;
        }
        const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + begin_));
        if (!std::exchange(skipping_, false)) return take(size, 1);
        begin_ = scanned_ = begin_ + size + 1;
    }
}

LineReader::Line LineReader::take(std::size_t size, std::size_t ending) {
    Line line{{buffer_.data() + begin_, size}, ++number_};
    begin_ = scanned_ = begin_ + size + ending;
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    return line;
}

void LineReader::make_room() {
    if (end_ < buffer_.size()) return;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        scanned_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
        return;
    }
    buffer_.resize(std::min(buffer_.size() * 2, longest_ + 1));
}

/// False at the end of the input.
Task<bool> LineReader::read_more() {
    make_room();
    const std::size_t got = co_await bytes_.read(std::span(buffer_).subspan(end_));
    end_ += got;
    co_return got > 0;
}

std::optional<LineReader> LineReader::again() const {
    std::optional<InputBytes> bytes = bytes_.again();
    if (!bytes) return std::nullopt;
    return LineReader(std::move(*bytes), longest_);
}

std::optional<std::uint64_t> LineReader::count_lines() {
    const std::optional<int> file = bytes_.plain_file();
    if (!file || line_count_) return line_count_;
    std::vector<char> block(first_buffer);
    constexpr std::string_view blank = " \t\r\v\f";
    std::uint64_t lines = 0;
    bool is_known = false;  // whether this line counts
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
