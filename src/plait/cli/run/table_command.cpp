#include "plait/cli/run/table_command.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/table/write_table.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace plait::cli {

namespace {

std::string_view kind_of(batch::ColumnType type) {
    if (type == batch::ColumnType::number) return "a number";
    return type == batch::ColumnType::truth ? "true or false" : "a value";
}

}  // namespace

std::string_view TableCommand::help() const {
    return "Write results as a table for DuckDB, pandas, polars or a spreadsheet.";
}

Positional TableCommand::positional() const {
    return {"RESULTS",
            "The results of a run, finished or not; - is standard input. Each becomes a row with the same columns; "
            "missing values "
            "become 0 or an empty text.",
            false};
}

std::vector<Flag> TableCommand::flags() {
    return {
        {"-o,--output", "FILE",
         "Write the table to this file, in the format of its name: .parquet, .jsonl or .csv; - prints JSON Lines. "
         "Required.",
         [this](const std::string& value) { output_ = value; }},
        Flag(
            "--select", "NAME=/POINTER[:TYPE]",
            "Add a column: the value at this JSON Pointer in the answer's body, as text (the default), number or bool.",
            [this](const std::string& value) { selections_.push_back(batch::parse_selection(value)); })
            .repeatable(),
        {"--overwrite", "", "Replace the file if it exists.", [this](const std::string&) { overwrite_ = true; }},
    };
}

int TableCommand::run() {
    if (files_.size() != 1) throw_bad_input("table takes one file: the RESULTS of a run");
    if (output_.empty()) throw_bad_input("no -o FILE: name the table, such as -o table.parquet");
    if (is_same_file(files_[0], output_)) throw_bad_input(fmt::format("{} is both input and output", output_));
    const batch::TableWritten written = batch::write_table(files_[0], output_, selections_, overwrite_);
    if (output_ != standard_output)
        fmt::print(stderr, "plait: wrote {}: {} row{}\n", output_, written.rows, written.rows == 1 ? "" : "s");
    if (written.ends_with_cut_line)
        warn(fmt::format("the last line of {} is cut off, and has no row: a run still writes it, or was killed",
                         files_[0] == "-" ? "standard input" : files_[0]));
    if (written.rows == 0) return exit_ok;
    for (const batch::Selection& selection : written.without_values)
        warn(fmt::format("no answer has {} at {}", kind_of(selection.type), printable(selection.pointer)));
    return exit_ok;
}

}  // namespace plait::cli
