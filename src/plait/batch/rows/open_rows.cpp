#include "plait/batch/rows/open_rows.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/rows/sqlite_rows.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace plait::batch {

std::string path_of_rows(const std::string& input, RowOptions& options) {
    const std::size_t sign = input.rfind('#');
    if (sign == std::string::npos || ::access(input.c_str(), F_OK) == 0) return input;
    std::string path = input.substr(0, sign);
    if (::access(path.c_str(), F_OK) != 0) return input;
    const std::string table = input.substr(sign + 1);
    if (!table.empty() && !options.table.empty() && options.table != table)
        throw_bad_input(fmt::format("two tables are named: {} and {}", table, options.table));
    if (table.empty()) throw_bad_input(fmt::format("{}: name one table, as {}#NAME or with --table NAME", input, path));
    options.table = table;
    return path;
}

std::unique_ptr<RowReader> open_rows(UniqueFd file, std::string name, const RowOptions& options,
                                     const ColumnList& columns) {
    const bool is_database = is_sqlite(file.get());
    const bool is_wanted =
        options.format == RowFormat::sqlite || (options.format == RowFormat::automatic && is_database);
    if (is_wanted && !is_database)
        throw_bad_input(fmt::format("{} is not an SQLite database (standard input can't be one)", name));
    if (is_wanted) return std::make_unique<SqliteRows>(std::move(name), options, columns);
    if (!options.table.empty()) throw_bad_input(fmt::format("{} is not an SQLite database: it has no tables", name));
    if (is_database) throw_bad_input(fmt::format("{} is an SQLite database: leave out --rows", name));
    return std::make_unique<LineRows>(LineReader(std::move(file), std::move(name)), options, columns);
}

}  // namespace plait::batch
