#include "plait/report/internal/slowest_table.hpp"

#include "plait/base/text/words.hpp"
#include "plait/report/internal/words.hpp"
#include "plait/report/measures.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace plait::report::internal {

namespace {

constexpr std::size_t slowest_alone = 10;
constexpr std::size_t slowest_among_others = 3;
constexpr std::size_t gap = 2;

/// A column of the table; 0 columns: there is no room for it.
struct Column {
    std::size_t columns;
    bool to_the_right = false;
};

/// Took, began at, method, result, mostly, connection; the rest of the line is for the name.
constexpr std::size_t column_count = 6;
using Columns = std::array<Column, column_count>;

Columns columns_for(std::size_t width, bool is_alone, bool has_connections) {
    const bool is_wide = width >= 64;
    const bool is_very_wide = width >= 100;
    Columns table{{{10, true},
                   {is_wide ? 10U : 0U, true},
                   {is_alone  ? 0U
                    : is_wide ? 12U
                              : 9U},
                   {is_wide ? 12U : 0U},
                   {18},
                   {is_very_wide && has_connections ? 30U : 0U}}};
    constexpr std::size_t least_name = 8;
    std::size_t used = 0;
    for (const Column& column : table) used += column.columns > 0 ? column.columns + gap : 0;
    if (used + least_name > width) table[4].columns = 0;
    return table;
}

/// Names the connection of the last attempt, such as `api.example 17`.
std::string connection_of(const Timeline& timeline, const Span& span) {
    if (span.origin == 0 || span.connection == 0) return "";
    const std::string_view origin = timeline.origins[span.origin - 1];
    const std::size_t scheme = origin.find("://");
    return fmt::format("{} {}", scheme == std::string_view::npos ? origin : origin.substr(scheme + 3), span.connection);
}

void write_row(TextWriter& writer, const TextOptions& options, const Columns& table,
               const std::array<std::string_view, column_count>& cells, std::string_view name) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].columns == 0) continue;
        writer.column(cells[i], table[i].columns, table[i].to_the_right);
        writer.put(std::string(gap, ' '));
        used += table[i].columns + gap;
    }
    writer.put(fitted(name, options.columns - used, options.ascii));
    writer.end_line();
}

}  // namespace

void write_slowest(TextWriter& writer, const TextOptions& options, const std::vector<Timeline>& timelines,
                   const std::vector<std::string>& titles) {
    const bool is_alone = timelines.size() == 1;
    const bool has_connections = std::any_of(timelines.begin(), timelines.end(),
                                             [](const Timeline& timeline) { return !timeline.origins.empty(); });
    const Columns table = columns_for(options.columns, is_alone, has_connections);
    writer.put("Slowest", strong);
    writer.end_line();
    write_row(writer, options, table, {"took", "began at", "method", "result", "mostly", "connection"}, "name");
    for (std::size_t i = 0; i < timelines.size(); ++i) {
        for (const std::size_t place : slowest(timelines[i], is_alone ? slowest_alone : slowest_among_others)) {
            const Span& span = timelines[i].spans[place];
            const auto [activity, share] = main_activity(span);
            const std::string took = in_words(span.length, 3);
            const std::string began = in_words(span.begin, 3);
            const std::string mostly = fmt::format("{} {:.0f} %", trace::to_string(activity), 100 * share);
            const std::string connection = connection_of(timelines[i], span);
            write_row(writer, options, table, {took, began, titles[i], span.result, mostly, connection}, span.name);
        }
    }
}

}  // namespace plait::report::internal
