#include "plait/batch/rows/row_parser.hpp"

#include "plait/base/text/nearest_name.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/rows/csv_parser.hpp"
#include "plait/batch/rows/json_row_parser.hpp"
#include "plait/batch/rows/undecided_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace plait::batch {

std::unique_ptr<RowParser> make_row_parser(const RowOptions& options, std::string_view first_line,
                                           const ColumnList& columns) {
    const std::string_view begin = first_line.substr(std::min(first_line.find_first_not_of(" \t"), first_line.size()));
    const bool is_open = options.format == RowFormat::automatic;
    if (is_open && begin.starts_with('#')) return std::make_unique<UndecidedParser>(options, columns);
    if (options.format == RowFormat::jsonl || (is_open && begin.starts_with('{')))
        return std::make_unique<JsonRowParser>(columns);
    const std::optional<char> delimiter = options.format == RowFormat::tsv ? std::optional('\t') : std::nullopt;
    return std::make_unique<CsvParser>(columns, delimiter, options.empty_is_text);
}

std::string no_such_column(std::string_view name, std::span<const std::string> known) {
    constexpr std::size_t most_shown = 20;
    const std::vector<std::string_view> names(known.begin(), known.end());
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), most_shown); ++i)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", printable(names[i]));
    if (names.size() > most_shown) list += ", ...";
    const std::string_view nearest = nearest_name(name, names);
    return fmt::format("no column {}{} (the columns are {})", printable(name),
                       nearest.empty() ? "" : fmt::format(", did you mean {}?", printable(nearest)), list);
}

}  // namespace plait::batch
