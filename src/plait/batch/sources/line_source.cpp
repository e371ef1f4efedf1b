#include "plait/batch/sources/line_source.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/requests/line_kind.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::batch {

namespace {

std::string_view without_mark(std::string_view text, std::uint64_t line) {
    return line == 1 ? json::without_byte_order_mark(text) : text;
}

}  // namespace

std::string_view request_text(std::string_view text, std::uint64_t line) {
    constexpr std::string_view blank = " \t\r\v\f";
    text = without_mark(text, line);
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos || text[first] == '#') return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

RequestFormat request_format_of(std::string_view first_line) {
    const bool is_json = std::string_view("{[\"").find(first_line.front()) != std::string_view::npos;
    return is_json ? RequestFormat::json : RequestFormat::urls;
}

LineSource::LineSource(LineReader lines, RequestReader requests, std::optional<std::string> path)
    : lines_(std::move(lines)), requests_(std::move(requests)), path_(std::move(path)) {}

Task<std::optional<SourceItem>> LineSource::next() {
    for (;;) {
        const std::optional<LineReader::Line> line = co_await lines_.next();
        show_line(line, watch_);
        // Lines that were appended since all lines were read are left to the next run.
        if (!line && !has_read_) refuse_empty();
        if (!line || line->number > last_line_) co_return std::nullopt;
        has_read_ = true;
        // The first line that is not blank decides the format, even if it is skipped.
        const bool is_skipped = skipped_ && skipped_->contains(line->number);
        if (is_skipped && (format_ || line->is_cut)) continue;
        if (line->is_cut) {
            co_return BadLine(automatic_id(line->number), line->number,
                              fmt::format("line {}: longer than {} bytes", line->number, line->text.size() - 1));
        }
        const std::string_view text = request_text(line->text, line->number);
        if (text.empty()) continue;
        if (!format_) {
            format_ = request_format_of(text);
            check_format(text);
        }
        if (is_skipped) continue;
        if (format_ == RequestFormat::urls) co_return requests_.read_url(text, line->number);
        // Keep the blanks before it, so that columns are right.
        co_return requests_.read_json(without_mark(line->text, line->number), line->number);
    }
}

/// A file is refused when it is opened, but a pipe shows only now that nothing comes.
void LineSource::refuse_empty() const { throw_bad_input(fmt::format("{} is empty", name())); }

void LineSource::check_format() {
    if (!requests_.checks_first()) return;
    if (std::optional<LineReader> lines = lines_.again()) run(check_first(std::move(*lines)));
}

Task<void> LineSource::check_first(LineReader lines) {
    while (const auto line = co_await lines.next()) {
        const std::string_view text = request_text(line->text, line->number);
        if (text.empty()) continue;
        if (!line->is_cut) check_format(text);
        co_return;
    }
}

void LineSource::check_format(std::string_view text) {
    const bool is_of_vendor = requests_.format() != BatchFormat::plait;
    if (is_of_vendor && request_format_of(text) == RequestFormat::urls)
        throw_bad_input(not_a_batch(name(), requests_.format()) + "is not JSON");
    requests_.check_first(text, name());
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
    last_line_ = 0;
    while (const auto line = co_await lines.next()) {
        watch.see(line->text);
        total += !request_text(line->text, line->number).empty();
        last_line_ = line->number;
    }
    watch.end();
    total_ = total;
}

}  // namespace plait::batch
