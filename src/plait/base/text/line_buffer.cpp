#include "plait/base/text/line_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace plait {

std::optional<std::string_view> LineBuffer::take_line() noexcept {
    if (scanned_ == end_) return std::nullopt;
    const void* found = std::memchr(bytes_.data() + scanned_, '\n', end_ - scanned_);
    if (!found) {
        scanned_ = end_;
        return std::nullopt;
    }
    const char* start = bytes_.data() + begin_;
    const std::string_view line(start, static_cast<std::size_t>(static_cast<const char*>(found) - start));
    take(line.size() + 1);
    return line;
}

std::string_view LineBuffer::take_rest() noexcept {
    const std::string_view left = rest();
    take(left.size());
    return left;
}

void LineBuffer::take(std::size_t size) noexcept {
    begin_ += size;
    scanned_ = begin_;
    taken_ += size;
}

std::span<char> LineBuffer::room() {
    std::size_t capacity = bytes_.size() - std::min(bytes_.size(), padding_);
    if (end_ == capacity && begin_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
        scanned_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
    } else if (end_ == capacity) {
        capacity = std::min(capacity == 0 ? first_ : 2 * capacity, most_);
        bytes_.resize(capacity + padding_);
    }
    return {bytes_.data() + end_, capacity - end_};
}

}  // namespace plait
