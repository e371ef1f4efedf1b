#include "plait/batch/line_source.hpp"

#include "plait/async/event_loop.hpp"

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

LineSource::LineSource(LineReader lines, RequestReader requests, std::optional<std::string> path)
    : lines_(std::move(lines)), requests_(std::move(requests)), path_(std::move(path)) {}

Task<std::optional<SourceItem>> LineSource::next() {
    for (;;) {
        const std::optional<LineReader::Line> line = co_await next_line();
        if (!line) co_return std::nullopt;
        // The first line that is not blank tells the format, also when it is left out.
        const bool is_skipped = skipped_ && skipped_->contains(line->number);
        if (is_skipped && (read_ || line->is_cut)) continue;
        if (line->is_cut) {
            co_return BadLine(automatic_id(line->number), line->number,
                              fmt::format("line {}: longer than {} bytes", line->number, line->text.size() - 1));
        }
        std::string_view text = line->text;
        if (line->number == 1 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
        if (trim(text).empty()) continue;
        if (!read_) read_ = format_of(trim(text));
        if (is_skipped) continue;
        if (read_ == &RequestReader::read_url) text = trim(text);
        co_return (requests_.*read_)(text, line->number);
    }
}

Task<std::optional<LineReader::Line>> LineSource::next_line() {
    const std::optional<LineReader::Line> line = co_await lines_.next();
    if (watch_ && line) {
        watch_->see(line->text);
        watch_->refuse_appended();
    } else if (watch_) {
        std::exchange(watch_, nullptr)->end();
    }
    co_return line;
}

std::optional<std::uint64_t> LineSource::total() {
    if (!total_) total_ = lines_.count_lines();
    return total_;
}

void LineSource::show_to(InputWatch& watch) {
    std::optional<LineReader> lines = lines_.again();
    if (lines) {
        run(show_all(std::move(*lines), watch));
    } else {
        watch_ = &watch;
    }
}

Task<void> LineSource::show_all(LineReader lines, InputWatch& watch) {
    std::uint64_t total = 0;
    while (const auto line = co_await lines.next()) {
        watch.see(line->text);
        total += !line->text.empty();
    }
    watch.end();
    total_ = total;
}

LineSource::Format LineSource::format_of(std::string_view first_line) {
    const bool json = std::string_view("{[\"").find(first_line.front()) != std::string_view::npos;
    return json ? &RequestReader::read_json : &RequestReader::read_url;
}

}  // namespace plait::batch
