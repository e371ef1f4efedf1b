#include "plait/cli/screen/output_paths.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>

namespace plait::cli {

namespace {

/// Whether both name the same file, even one that does not exist yet.
bool is_same_place(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty()) return false;
    if (is_same_file(a, b)) return true;
    std::error_code error;
    return !std::filesystem::exists(a, error) &&
           std::filesystem::weakly_canonical(a, error) == std::filesystem::weakly_canonical(b, error);
}

}  // namespace

bool is_same_file(const std::string& a, const std::string& b) {
    struct stat of_a {
    }, of_b{};
    return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && S_ISREG(of_a.st_mode) &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

void check_paths(const RunPaths& paths) {
    for (const std::string& input : paths.inputs) {
        if (is_same_place(paths.cookies, input)) throw_bad_input(fmt::format("{} is both input and cookie jar", input));
        if (is_same_file(input, paths.output)) throw_bad_input(fmt::format("{} is both input and output", input));
        if (is_same_place(paths.trace, input)) throw_bad_input(fmt::format("{} is both input and trace", input));
    }
    for (const std::string& other : {paths.output, paths.trace, paths.summary}) {
        if (is_same_place(paths.cookies, other))
            throw_bad_input(fmt::format("{} is both output and cookie jar", other));
    }
    if (is_same_place(paths.trace, paths.output)) {
        throw_bad_input(fmt::format("{} is both output and trace", paths.output));
    }
    if (is_same_place(paths.trace, paths.summary)) {
        throw_bad_input(fmt::format("{} is both summary and trace", paths.summary));
    }
}

}  // namespace plait::cli
