#include "plait/report/read_inputs.hpp"

#include "plait/base/error.hpp"
#include "plait/report/internal/file_kind.hpp"
#include "plait/report/results_reader.hpp"
#include "plait/report/trace_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <tuple>

namespace plait::report {

namespace {

namespace files = std::filesystem;

constexpr std::string_view comparison_name = "comparison.json";

/// A comparison has a row for each method; a file of this size is something else.
constexpr std::size_t longest_comparison = 16 * 1024 * 1024;

/// The order in which a comparison reads best: usually from the slowest method to the fastest.
constexpr std::array<std::string_view, 4> methods{"sync", "threads", "async", "processes"};

std::ifstream open_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw_bad_input(fmt::format("open {}: {}", path, system_message(errno)));
    return file;
}

bool is_trace(const std::string& path) {
    std::ifstream file = open_file(path);
    std::string beginning(internal::telling_bytes, '\0');
    file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    beginning.resize(static_cast<std::size_t>(file.gcount()));
    return internal::kind_of(beginning) == internal::FileKind::trace;
}

std::string read_comparison(const std::string& path) {
    if (files::file_size(path) > longest_comparison) throw_bad_input(fmt::format("read {}: it is too large", path));
    std::ifstream file = open_file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Returns the sort key of a file: the method that its name begins with, then the name.
auto place_of(const files::path& path) {
    const std::string name = path.stem().string();
    const auto method = std::find_if(methods.begin(), methods.end(),
                                     [&name](std::string_view known) { return name.starts_with(known); });
    return std::tuple(method - methods.begin(), name.size(), name);
}

void read_folder(Inputs& inputs, const std::string& folder) {
    std::vector<files::path> found;
    std::error_code error;
    for (files::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == ".json" && it->is_regular_file(error)) found.push_back(it->path());
    }
    if (error) throw_bad_input(fmt::format("read {}: {}", folder, error.message()));
    std::sort(found.begin(), found.end(),
              [](const files::path& a, const files::path& b) { return place_of(a) < place_of(b); });
    const std::size_t before = inputs.timelines.size();
    for (const files::path& path : found) {
        if (path.filename() == comparison_name) {
            inputs.comparison_json = read_comparison(path);
        } else if (is_trace(path)) {
            std::ifstream file = open_file(path);
            inputs.timelines.push_back(read_trace(file, path));
        } else {
            inputs.left_out.push_back(path);
            continue;
        }
        inputs.files.push_back(path);
    }
    if (inputs.timelines.size() == before) {
        throw_bad_input(
            fmt::format("read {}: the folder has no trace, such as `plait compare --trace {}` writes", folder, folder));
    }
}

}  // namespace

Timeline read_timeline(std::istream& input, const std::string& name) {
    return input.peek() == '[' ? read_trace(input, name) : read_results(input, name);
}

Inputs read_inputs(const std::vector<std::string>& paths) {
    Inputs inputs;
    for (const std::string& path : paths) {
        std::error_code error;
        if (files::is_directory(path, error)) {
            read_folder(inputs, path);
            continue;
        }
        std::ifstream file = open_file(path);
        inputs.timelines.push_back(read_timeline(file, path));
        inputs.files.push_back(path);
    }
    return inputs;
}

}  // namespace plait::report
