#include "plait/batch/output/internal/file_lines.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace plait::batch::internal {

namespace {

constexpr std::size_t first_buffer = 256 * 1024;

}  // namespace

std::optional<FileLines::Line> FileLines::next() {
    for (;;) {
        const void* found = end_ == scanned_ ? nullptr : std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
        if (found) {
            const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + begin_));
            const Line line{{buffer_.data() + begin_, size}, offset_ + begin_, true};
            begin_ = scanned_ = begin_ + size + 1;
            return line;
        }
        scanned_ = end_;
        if (read_more()) continue;
        if (begin_ == end_) return std::nullopt;
        const Line line{{buffer_.data() + begin_, end_ - begin_}, offset_ + begin_, false};
        begin_ = scanned_ = end_;
        return line;
    }
}

/// False at the end of the file.
bool FileLines::read_more() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        offset_ += begin_;
        scanned_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ > longest_line) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("{}: the line at byte {} is longer than {} bytes", name_, offset_, longest_line));
    }
    if (end_ == buffer_.size()) buffer_.resize(buffer_.empty() ? first_buffer : buffer_.size() * 2);
    for (;;) {
        const ssize_t got =
            ::pread(file_, buffer_.data() + end_, buffer_.size() - end_, static_cast<off_t>(offset_ + end_));
        if (got >= 0) {
            end_ += static_cast<std::size_t>(got);
            return got > 0;
        }
        if (errno != EINTR) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    }
}

}  // namespace plait::batch::internal
