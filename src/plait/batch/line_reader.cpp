#include "plait/batch/line_reader.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::size_t first_buffer = 64 * 1024;

bool is_regular_file(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

LineReader::LineReader(UniqueFd input, std::string name, std::size_t longest)
    : name_(std::move(name)), longest_(longest), buffer_(std::min(first_buffer, longest + 1)) {
    if (is_regular_file(input.get())) {
        file_ = std::move(input);
    } else {
        waited_for_ = std::make_unique<Descriptor>(std::move(input));
    }
}

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
    const int fd = waited_for_ ? waited_for_->fd() : file_.get();
    for (;;) {
        const ssize_t got = ::read(fd, buffer_.data() + end_, buffer_.size() - end_);
        if (got >= 0) {
            end_ += static_cast<std::size_t>(got);
            co_return got > 0;
        }
        if (errno == EAGAIN && waited_for_) {
            waited_for_->set_drained();
            co_await waited_for_->readable();
        } else if (errno != EINTR) {
            throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
        }
    }
}

std::optional<LineReader> LineReader::again() const {
    if (!file_) return std::nullopt;
    // Opened anew, and not a duplicate, which would share the position.
    UniqueFd file(::open(fmt::format("/proc/self/fd/{}", file_.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    return LineReader(std::move(file), name_, longest_);
}

std::optional<std::uint64_t> LineReader::count_lines() {
    if (!file_ || line_count_) return line_count_;
    std::vector<char> block(first_buffer);
    std::uint64_t lines = 0;
    char before = '\n';
    off_t offset = 0;
    for (;;) {
        const ssize_t got = ::pread(file_.get(), block.data(), block.size(), offset);
        if (got <= 0) break;
        offset += got;
        for (ssize_t i = 0; i < got; ++i) {
            const char c = block[static_cast<std::size_t>(i)];
            lines += c == '\n' && before != '\n';
            before = c;
        }
    }
    return line_count_ = lines + (before != '\n');
}

}  // namespace plait::batch
