#include "plait/convert/request/input.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace plait::convert {

namespace {

std::string read_standard_input() {
    std::string text;
    constexpr std::size_t step = 64 * 1024;
    for (;;) {
        if (text.size() > largest_input) throw_bad_input("standard input is larger than 2 GiB");
        const std::size_t size = text.size();
        text.resize(size + step);
        const ssize_t got = ::read(STDIN_FILENO, text.data() + size, step);
        if (got < 0 && errno != EINTR) throw_bad_input("read standard input: " + system_message(errno));
        text.resize(size + static_cast<std::size_t>(got < 0 ? 0 : got));
        if (got == 0) return text;
    }
}

/// Follows symbolic links.
bool is_within(const std::filesystem::path& folder, const std::filesystem::path& file) {
    std::error_code error;
    const auto real = [&error](const std::filesystem::path& path) {
        return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    };
    const std::filesystem::path outer = real(folder.empty() ? "." : folder), inner = real(file);
    return !error && std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

std::string Input::beside(std::string_view name) const {
    const std::filesystem::path file = std::filesystem::path(name).lexically_normal();
    const std::filesystem::path folder = path == "-" ? "" : std::filesystem::path(path).parent_path();
    if (name.empty() || file.is_absolute() || *file.begin() == ".." || !is_within(folder, folder / file)) {
        throw_bad_input(fmt::format("it names the file '{}', which is not in {}: copy it there", printable(name),
                                    path == "-" ? "the working directory" : "its folder"));
    }
    return (folder / file).lexically_normal().string();
}

std::string in_working_directory(std::string_view name) { return Input("-", {}).beside(name); }

std::vector<std::string> input_files(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return {path};
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
        const std::filesystem::path name = entry.path().filename();
        const bool is_setting =
            name == "collection.bru" || name == "folder.bru" || entry.path().parent_path().filename() == "environments";
        if (name.extension() == ".bru" && !is_setting) files.push_back(entry.path().string());
    }
    if (files.empty()) throw_bad_input(fmt::format("the folder {} has no .bru files", path));
    std::sort(files.begin(), files.end());
    return files;
}

Input read_input(const std::string& path) {
    std::string text = path == "-" ? read_standard_input() : read_file(path, largest_input);
    const std::string_view content = json::without_byte_order_mark(text);
    if (content.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        throw_bad_input(fmt::format("{} is empty", path == "-" ? "standard input" : path));
    }
    text.erase(0, text.size() - content.size());
    return Input(path, std::move(text));
}

}  // namespace plait::convert
