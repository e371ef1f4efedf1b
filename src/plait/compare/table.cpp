#include "plait/compare/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace plait::compare {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Shows about four digits, whatever the size of the number.
std::string number(double value) {
    if (value < 0.01) return fmt::format("{:.3f}", value);
    if (value < 10) return fmt::format("{:.2f}", value);
    if (value < 1000) return fmt::format("{:.1f}", value);
    return fmt::format("{:.0f}", value);
}

std::string number(std::optional<double> value) { return value ? number(*value) : "-"; }

std::string milliseconds(std::optional<Duration> duration) {
    return duration ? number(seconds(*duration) * 1000) : "-";
}

std::string percent(std::optional<double> share) { return share ? fmt::format("{:.1f}", *share * 100) : "-"; }

/// `1.90/2`: processors that were busy, on average, and different ones that ran the work.
std::string processors_text(const Row& row) {
    const std::string busy = number(row.busy_processors());
    return row.measured.processors > 0 ? fmt::format("{}/{}", busy, row.measured.processors) : busy;
}

std::string outcomes_text(const Row& row) {
    std::string text;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        const auto outcome = static_cast<batch::Outcome>(n);
        const auto count = row.measured.outcomes[n];
        if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, batch::to_string(outcome));
    }
    return text;
}

/// A column: its heading of two lines, its cells, and its importance. The least important column is dropped first if
/// there is no room.
class Column {
  public:
    Column(std::string above_, std::string below_, int importance_, bool is_text_ = false)
        : above(std::move(above_)), below(std::move(below_)), importance(importance_), is_text(is_text_) {}

    std::size_t width() const {
        std::size_t widest = std::max(above.size(), below.size());
        for (const std::string& cell : cells) widest = std::max(widest, cell.size());
        return widest;
    }
    std::string padded(const std::string& text) const {
        return is_text ? fmt::format("{:<{}}", text, width()) : fmt::format("{:>{}}", text, width());
    }

    std::string above;
    std::string below;
    int importance;  ///< the most important is 1
    bool is_text;    ///< otherwise a number, which is aligned to the right
    std::vector<std::string> cells;
};

/// Returns the columns that matter for this comparison, in the order in which they are read.
std::vector<Column> columns_of(const Comparison& comparison) {
    std::vector<Column> columns;
    const auto add = [&](Column column, auto cell) {
        for (const Row& row : comparison.rows) column.cells.push_back(cell(row));
        columns.push_back(std::move(column));
    };
    const auto any = [&](auto condition) {
        return std::any_of(comparison.rows.begin(), comparison.rows.end(), condition);
    };
    const std::string work = comparison.is_of_jobs() ? "jobs" : "calls";
    const bool some_not_ok =
        !comparison.is_of_jobs() && any([](const Row& row) { return row.ok() != row.measured.done; });

    add(Column("", "method", 1, true), [](const Row& row) { return row.way.method; });
    add(Column("scheduled", "by", 9, true),
        [](const Row& row) { return std::string(scheduling_text(row.way.scheduling)); });
    add(Column("CPUs", "busy/on", 8), processors_text);
    add(Column("", "workers", 6), [](const Row& row) { return fmt::to_string(row.way.workers()); });
    if (any([](const Row& row) { return row.way.concurrency != row.way.workers(); })) {
        add(Column("in", "flight", 4), [](const Row& row) { return fmt::to_string(row.way.concurrency); });
    }
    add(Column("wall", "s", 2), [](const Row& row) { return number(seconds(row.measured.wall)); });
    if (any([&](const Row& row) { return comparison.speed_up(row).has_value(); })) {
        add(Column("times", "sync", 3), [&](const Row& row) { return number(comparison.speed_up(row)); });
    }
    add(Column(work, "/s", 5), [](const Row& row) { return number(row.per_second()); });
    add(Column("p50", "ms", 11), [](const Row& row) { return milliseconds(row.measured.p50); });
    add(Column("p99", "ms", 10), [](const Row& row) { return milliseconds(row.measured.p99); });
    add(Column("peak", "MiB", 12),
        [](const Row& row) { return number(static_cast<double>(row.measured.peak_bytes) / (1024 * 1024)); });
    add(Column("waits", "%", 7), [](const Row& row) { return percent(row.waiting_share()); });
    if (some_not_ok) add(Column("", "outcomes", 3, true), outcomes_text);
    return columns;
}

std::size_t width_of(const std::vector<Column>& columns, std::size_t gap) {
    std::size_t width = gap * (columns.size() - 1);
    for (const Column& column : columns) width += column.width();
    return width;
}

void leave_out_least_important(std::vector<Column>& columns) {
    columns.erase(std::max_element(columns.begin(), columns.end(), [](const Column& one, const Column& other) {
        return one.importance < other.importance;
    }));
}

std::string line(const std::vector<Column>& columns, std::size_t gap, auto cell_of) {
    std::string text;
    for (const Column& column : columns) {
        if (!text.empty()) text.append(gap, ' ');
        text += column.padded(cell_of(column));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

}  // namespace

std::string_view scheduling_text(batch::Scheduling scheduling) noexcept {
    switch (scheduling) {
        case batch::Scheduling::nobody:
            return "none";
        case batch::Scheduling::operating_system:
            return "the OS";
        case batch::Scheduling::task:
            return "the task";
    }
    return {};
}

std::string table(const Comparison& comparison, std::size_t columns) {
    std::vector<Column> shown = columns_of(comparison);
    while (shown.size() > 1 && width_of(shown, 1) > columns) leave_out_least_important(shown);
    const std::size_t gap = width_of(shown, 2) <= columns ? 2 : 1;

    std::string text = line(shown, gap, [](const Column& column) { return column.above; });
    text += line(shown, gap, [](const Column& column) { return column.below; });
    bool in_python = false;
    for (std::size_t n = 0; n < comparison.rows.size(); ++n) {
        if (comparison.rows[n].way.is_python() && !std::exchange(in_python, true)) {
            text += fmt::format("in Python {}\n", comparison.python_version);
        }
        text += line(shown, gap, [n](const Column& column) { return column.cells[n]; });
    }
    return text;
}

std::string wrapped(std::string_view text, std::size_t columns) {
    std::string result;
    while (text.size() > columns) {
        const auto blank = text.rfind(' ', columns);
        if (blank == std::string_view::npos) break;
        result.append(text.substr(0, blank)).append("\n");
        text.remove_prefix(blank + 1);
    }
    return result.append(text).append("\n");
}

}  // namespace plait::compare
