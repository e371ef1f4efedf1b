#include "plait/batch/table/write_table.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/table/result_rows.hpp"
#include "plait/batch/table/table_writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::batch {

std::uint64_t write_table(const std::string& results, const std::string& output, std::vector<Selection> selections,
                          bool overwrite) {
    check_table_name(output);
    ResultRows rows(std::move(selections));
    OutputFile file(output, overwrite);
    const auto writer = table_writer(output, file, rows.columns());
    std::uint64_t count = 0;
    for_each_result(results, [&](const ResultView& result) {
        try {
            writer->add(rows.read(result.text));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::storage) throw;  // it is not about the line
            throw Error(error.code(), fmt::format("{} line {}: {}", results, count + 1, error.what()));
        }
        ++count;
    });
    writer->finish();
    file.finish();
    return count;
}

}  // namespace plait::batch
