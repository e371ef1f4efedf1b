#include "plait/report/internal/line_reader.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cerrno>
#include <utility>

namespace plait::report::internal {

namespace {

constexpr std::size_t first_buffer = 256 * 1024;

}  // namespace

LineReader::LineReader(std::istream& input, std::string name, std::size_t longest)
    : input_(input),
      name_(std::move(name)),
      longest_(longest),
      buffer_(first_buffer, longest + 1, simdjson::SIMDJSON_PADDING) {}

std::optional<LineReader::Line> LineReader::next() {
    for (;;) {
        if (const auto text = buffer_.take_line()) return Line{*text, ++number_, true};
        if (buffer_.rest().size() > longest_) {
            throw_bad_input(fmt::format("read {}: line {} is longer than {} bytes", name_, number_ + 1, longest_));
        }
        if (is_at_end_) {
            if (buffer_.rest().empty()) return std::nullopt;
            return Line{buffer_.take_rest(), ++number_, false};
        }
        read_more();
    }
}

std::string_view LineReader::peek(std::size_t size) {
    while (buffer_.rest().size() < size && !is_at_end_) read_more();
    return buffer_.rest().substr(0, size);
}

void LineReader::read_more() {
    const auto room = buffer_.room();
    input_.read(room.data(), static_cast<std::streamsize>(room.size()));
    buffer_.add(static_cast<std::size_t>(input_.gcount()));
    if (input_.bad()) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    is_at_end_ = !input_;
}

}  // namespace plait::report::internal
