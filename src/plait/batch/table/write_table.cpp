#include "plait/batch/table/write_table.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/table/result_rows.hpp"
#include "plait/batch/table/table_writer.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <utility>

namespace plait::batch {

TableWritten write_table(const std::string& results, const std::string& output, std::vector<Selection> selections,
                         bool overwrite) {
    check_table_name(output);
    ResultRows rows(selections);
    const std::size_t first_selected = rows.columns().size() - selections.size();
    std::vector<bool> have_value(selections.size());
    OutputFile file(output, overwrite);
    const auto writer = table_writer(output, file, rows.columns());
    TableWritten written;
    const std::string name = results == "-" ? "standard input" : results;
    const ResultsEnd end = for_each_result(results, [&](const ResultView& result) {
        try {
            const std::span<const Cell> cells = rows.read(result.text);
            writer->add(cells);
            for (std::size_t n = 0; n < have_value.size(); ++n)
                if (!cells[first_selected + n].is_missing) have_value[n] = true;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::storage) throw;  // it is not about the line
            throw Error(error.code(), fmt::format("{} line {}: {}", name, written.rows + 1, error.what()));
        }
        ++written.rows;
    });
    written.ends_with_cut_line = end.bytes > end.whole_bytes;
    if (written.ends_with_cut_line && written.rows == 0) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("{} has no whole line: the run that wrote it has not finished its first one", name));
    }
    writer->finish();
    file.finish();
    for (std::size_t n = 0; n < selections.size(); ++n)
        if (!have_value[n]) written.without_values.push_back(std::move(selections[n]));
    return written;
}

}  // namespace plait::batch
