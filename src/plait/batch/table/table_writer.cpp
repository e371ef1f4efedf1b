#include "plait/batch/table/table_writer.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace plait::batch {

namespace {

using MakeWriter = std::unique_ptr<TableWriter> (*)(OutputFile&, const std::vector<Column>&);

constexpr std::array<std::pair<std::string_view, MakeWriter>, 3> formats{
    {{".parquet", parquet_writer}, {".jsonl", json_lines_writer}, {".csv", csv_writer}}};

MakeWriter format_of(std::string_view path) {
    if (path == "-") return json_lines_writer;
    for (const auto& [end, make] : formats) {
        if (path.ends_with(end)) return make;
    }
    throw_bad_input(fmt::format("{}: a table's name ends in .parquet, .jsonl or .csv", path));
}

}  // namespace

std::unique_ptr<TableWriter> table_writer(std::string_view path, OutputFile& output,
                                          const std::vector<Column>& columns) {
    return format_of(path)(output, columns);
}

void check_table_name(std::string_view path) { format_of(path); }

}  // namespace plait::batch
