#include "plait/report/internal/line_reader.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace plait::report::internal {

namespace {

constexpr std::size_t read_at_once = 256 * 1024;

}  // namespace

LineReader::LineReader(std::istream& input, std::string name, std::size_t longest)
    : input_(input), name_(std::move(name)), longest_(longest) {}

std::optional<LineReader::Line> LineReader::next() {
    std::size_t scanned = 0;
    for (;;) {
        const char* start = buffer_.data() + begin_;
        const auto* line_break =
            scanned < end_ - begin_
                ? static_cast<const char*>(std::memchr(start + scanned, '\n', end_ - begin_ - scanned))
                : nullptr;
        const std::size_t size = line_break ? static_cast<std::size_t>(line_break - start) : end_ - begin_;
        if (size > longest_) {
            throw Error(ErrorCode::bad_input,
                        fmt::format("read {}: line {} is longer than {} bytes", name_, number_ + 1, longest_));
        }
        if (line_break || is_at_end_) {
            if (!line_break && size == 0) return std::nullopt;
            begin_ += size + (line_break ? 1 : 0);
            return Line{std::string_view(start, size), ++number_, line_break != nullptr};
        }
        scanned = size;
        read_more();
    }
}

std::string_view LineReader::peek(std::size_t size) {
    while (end_ - begin_ < size && !is_at_end_) read_more();
    return {buffer_.data() + begin_, std::min(size, end_ - begin_)};
}

void LineReader::read_more() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    const std::size_t wanted = end_ + read_at_once + simdjson::SIMDJSON_PADDING;
    if (buffer_.size() < wanted) buffer_.resize(std::max(wanted, 2 * buffer_.size()));
    input_.read(buffer_.data() + end_, static_cast<std::streamsize>(read_at_once));
    end_ += static_cast<std::size_t>(input_.gcount());
    if (input_.bad()) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    is_at_end_ = !input_;
}

}  // namespace plait::report::internal
