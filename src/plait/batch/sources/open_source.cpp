#include "plait/batch/sources/open_source.hpp"

#include "plait/base/error.hpp"
#include "plait/base/standard_stream.hpp"
#include "plait/batch/requests/vendor_line.hpp"
#include "plait/batch/rows/open_rows.hpp"
#include "plait/batch/rows/sqlite_rows.hpp"
#include "plait/batch/sources/line_source.hpp"
#include "plait/batch/sources/row_source.hpp"
#include "plait/batch/sources/url_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

bool is_url(const std::string& input) { return input.find("://") != std::string::npos; }

UniqueFd open_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        const char* hint = errno == ENOENT ? " (a URL begins with http:// or https://)" : "";
        throw_bad_input(fmt::format("open {}: {}{}", path, system_message(errno), hint));
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw_bad_input(fmt::format("open {}: {}", path, system_message(errno)));
    if (S_ISDIR(status.st_mode))
        throw_bad_input(fmt::format("open {}: {}, not a file of requests", path, system_message(EISDIR)));
    if (S_ISREG(status.st_mode) && status.st_size == 0) throw_bad_input(fmt::format("{} is empty", path));
    return file;
}

UniqueFd open_standard_input() {
    UniqueFd input = reopen_standard_stream(STDIN_FILENO);
    if (!input) throw_bad_input(fmt::format("open standard input: {}", system_message(errno)));
    return input;
}

std::optional<std::string> absolute_path(const std::string& path) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    if (error) return std::nullopt;
    return absolute.lexically_normal().string();
}

std::unique_ptr<ResumableSource> open_row_source(const std::vector<std::string>& inputs, RequestDefaults defaults) {
    if (inputs.size() > 1) throw_bad_input(fmt::format("--url takes one file of rows, and here are {}", inputs.size()));
    RowOptions options = defaults.rows;
    std::optional<std::string> found_at;
    if (inputs.front() != "-") found_at = absolute_path(path_of_rows(inputs.front(), options));
    const auto open = [&](const ColumnList& columns) { return open_row_input(inputs.front(), options, columns); };
    return std::make_unique<RowSource>(open, std::move(defaults), std::move(found_at));
}

}  // namespace

std::unique_ptr<ResumableSource> open_source(std::vector<std::string> inputs, RequestDefaults defaults) {
    if (inputs.empty()) throw_bad_input("no requests: give a file, URLs, or - for standard input");
    const BatchFormatEntry* const vendor = find_batch_format(defaults.format);
    if (!takes_model(defaults.format) && !defaults.model.empty())
        throw_bad_input("--model needs --format gemini-batch or mistral-batch");
    if (defaults.format != BatchFormat::mistral && !defaults.endpoint.empty())
        throw_bad_input("--endpoint needs --format mistral-batch");
    const bool has_rows = defaults.rows.are_given();
    if (vendor && has_rows) throw_bad_input("--url and --format exclude each other: a vendor's lines are requests");
    if (!has_rows && std::all_of(inputs.begin(), inputs.end(), is_url)) {
        if (vendor) throw_bad_input(fmt::format("--format {} is for a file of requests, not for URLs", vendor->name));
        return std::make_unique<UrlSource>(std::move(inputs), RequestReader(std::move(defaults)));
    }
    if (has_rows) return open_row_source(inputs, std::move(defaults));
    const std::string& path = *std::find_if_not(inputs.begin(), inputs.end(), is_url);
    const bool is_standard_input = path == "-";
    UniqueFd file = is_standard_input ? open_standard_input() : open_file(path);
    if (inputs.size() > 1)
        throw_bad_input(fmt::format("{} is a file among other inputs: give one file, or only URLs", path));
    if (is_sqlite(file.get()))
        throw_bad_input(fmt::format("{} is an SQLite database: make requests of its rows with --url TEMPLATE",
                                    is_standard_input ? "standard input" : path));
    auto source = std::make_unique<LineSource>(LineReader(std::move(file), is_standard_input ? "standard input" : path),
                                               RequestReader(std::move(defaults)),
                                               is_standard_input ? std::nullopt : absolute_path(path));
    source->check_format();
    return source;
}

std::unique_ptr<RowReader> open_row_input(const std::string& input, RowOptions& options, const ColumnList& columns) {
    if (input == "-") {
        UniqueFd file = open_standard_input();
        if (is_sqlite(file.get())) throw_bad_input("standard input is an SQLite database: give its file");
        return open_rows(std::move(file), "standard input", options, columns);
    }
    const std::string path = path_of_rows(input, options);
    return open_rows(open_file(path), path, options, columns);
}

}  // namespace plait::batch
