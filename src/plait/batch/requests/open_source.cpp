#include "plait/batch/requests/open_source.hpp"

#include "plait/base/error.hpp"
#include "plait/base/standard_stream.hpp"
#include "plait/batch/requests/line_source.hpp"
#include "plait/batch/requests/row_source.hpp"
#include "plait/batch/requests/url_source.hpp"
#include "plait/batch/rows/open_rows.hpp"

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
    if (S_ISREG(status.st_mode) && status.st_size == 0)
        throw_bad_input(fmt::format("open {}: the file is empty", path));
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

}  // namespace

std::unique_ptr<ResumableSource> open_source(std::vector<std::string> inputs, RequestDefaults defaults) {
    if (inputs.empty()) throw_bad_input("no requests: give a file, URLs, or - for standard input");
    const BatchFormatEntry* const vendor = find_batch_format(defaults.format);
    if (!vendor && !defaults.model.empty()) throw_bad_input("--model needs --format");
    if (defaults.format != BatchFormat::mistral && !defaults.endpoint.empty())
        throw_bad_input("--endpoint needs --format mistral-batch");
    const bool has_rows = defaults.rows.are_given();
    if (vendor && has_rows) throw_bad_input("--url and --format exclude each other: a vendor's lines are requests");
    if (!has_rows && std::all_of(inputs.begin(), inputs.end(), is_url)) {
        if (vendor) throw_bad_input(fmt::format("--format {} is for a file of requests, not for URLs", vendor->name));
        return std::make_unique<UrlSource>(std::move(inputs), RequestReader(std::move(defaults)));
    }
    const std::string& path = has_rows ? inputs.front() : *std::find_if_not(inputs.begin(), inputs.end(), is_url);
    const bool is_standard_input = path == "-";
    const std::string file_path = has_rows ? path_of_rows(path, defaults.rows) : path;
    UniqueFd file = is_standard_input ? open_standard_input() : open_file(file_path);
    if (inputs.size() > 1)
        throw_bad_input(fmt::format("{} is a file among other inputs: give one file, or only URLs", path));
    const std::string name = is_standard_input ? "standard input" : file_path;
    const std::optional<std::string> found_at = is_standard_input ? std::nullopt : absolute_path(file_path);
    if (has_rows) {
        const RowOptions rows = defaults.rows;
        const auto open = [&](const ColumnList& columns) { return open_rows(std::move(file), name, rows, columns); };
        return std::make_unique<RowSource>(open, std::move(defaults), found_at);
    }
    auto source =
        std::make_unique<LineSource>(LineReader(std::move(file), name), RequestReader(std::move(defaults)), found_at);
    source->check_format();
    return source;
}

}  // namespace plait::batch
