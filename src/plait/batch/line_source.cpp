#include "plait/batch/line_source.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::batch {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\v\f";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace

LineSource::LineSource(LineReader lines, RequestReader requests)
    : lines_(std::move(lines)), requests_(std::move(requests)) {}

Task<std::optional<SourceItem>> LineSource::next() {
    for (;;) {
        const std::optional<LineReader::Line> line = co_await lines_.next();
        if (!line) co_return std::nullopt;
        if (line->is_cut) {
            co_return BadLine(automatic_id(line->number), line->number,
                              fmt::format("line {}: longer than {} bytes", line->number, line->text.size() - 1));
        }
        std::string_view text = line->text;
        if (line->number == 1 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
        if (trim(text).empty()) continue;
        if (!read_) read_ = format_of(trim(text));
        if (read_ == &RequestReader::read_url) text = trim(text);
        co_return (requests_.*read_)(text, line->number);
    }
}

LineSource::Format LineSource::format_of(std::string_view first_line) {
    const bool json = std::string_view("{[\"").find(first_line.front()) != std::string_view::npos;
    return json ? &RequestReader::read_json : &RequestReader::read_url;
}

}  // namespace plait::batch
