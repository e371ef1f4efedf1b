#include "plait/cli/screen/status_view.hpp"

#include "plait/async/sleep.hpp"
#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace plait::cli {

namespace {

/// The escape sequence that erases the last `lines` lines.
std::string erase_lines(std::size_t lines) { return lines == 0 ? "" : fmt::format("\r\x1b[{}A\x1b[J", lines); }

/// `text` with lines of at most `columns`, because a line that the terminal wraps would be two lines to erase.
std::string cut(std::string_view text, std::size_t columns) {
    constexpr std::size_t dots = 3;
    std::string result;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        result += line.size() > columns ? printable(line, columns - std::min(columns, dots)) : std::string(line);
        result += '\n';
        text.remove_prefix(std::min(end, text.size() - 1) + 1);
    }
    return result;
}

}  // namespace

StatusView::Status StatusView::read() const {
    const batch::StoredStatus stored = read_(results_);
    return {batch::parse_run_report(stored.json), stored.liveness};
}

std::string StatusView::text_of(const Status& status) const {
    return batch::report_text(status.report, results_, status.liveness, clock_.now(), calendar_);
}

void StatusView::show_text() { screen_.write(text_of(read())); }

void StatusView::show_json() {
    const Status status = read();
    screen_.write(batch::report_json(status.report, status.liveness, clock_.now(), calendar_) + "\n");
}

Task<void> StatusView::watch_text() {
    batch::RunReport shown;
    for (;;) {
        const Status status = read();
        const bool is_running = status.liveness == batch::Liveness::running;
        if (screen_.is_terminal()) {
            redraw(text_of(status));
        } else if (!is_running) {
            screen_.write(text_of(status));
        } else if (status.report != shown) {
            screen_.write(batch::report_line(status.report, clock_.now(), calendar_) + "\n");
        }
        if (!is_running) co_return;
        shown = status.report;
        co_await sleep_for(interval);
    }
}

Task<void> StatusView::watch_json() {
    batch::RunReport shown;
    for (;;) {
        const Status status = read();
        const bool is_running = status.liveness == batch::Liveness::running;
        if (!is_running || status.report != shown) {
            screen_.write(batch::report_json(status.report, status.liveness, clock_.now(), calendar_) + "\n");
        }
        if (!is_running) co_return;
        shown = status.report;
        co_await sleep_for(interval);
    }
}

void StatusView::redraw(const std::string& text) {
    // Leave the last column free: a character there makes some terminals wrap.
    const std::string lines = cut(text, std::max<std::size_t>(screen_.columns(), 2) - 1);
    screen_.write(erase_lines(drawn_lines_) + lines);
    drawn_lines_ = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace plait::cli
