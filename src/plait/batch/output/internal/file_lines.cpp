#include "plait/batch/output/internal/file_lines.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace plait::batch::internal {

std::optional<FileLines::Line> FileLines::next() {
    const std::uint64_t offset = buffer_.offset();
    for (;;) {
        if (const auto text = buffer_.take_line()) return Line{*text, offset, true};
        if (buffer_.rest().size() > longest_line) {
            throw_bad_input(
                fmt::format("{}: the line at byte {} is longer than {} bytes", name_, offset, longest_line));
        }
        if (read_more()) continue;
        if (buffer_.rest().empty()) return std::nullopt;
        return Line{buffer_.take_rest(), offset, false};
    }
}

/// Returns false at the end of the file.
bool FileLines::read_more() {
    const auto room = buffer_.room();
    const auto position = static_cast<off_t>(buffer_.offset() + buffer_.rest().size());
    for (;;) {
        ssize_t got = ::pread(file_, room.data(), room.size(), position);
        if (got < 0 && errno == ESPIPE) got = ::read(file_, room.data(), room.size());  // a pipe has its own position
        if (got >= 0) {
            buffer_.add(static_cast<std::size_t>(got));
            return got > 0;
        }
        if (errno != EINTR) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    }
}

}  // namespace plait::batch::internal
