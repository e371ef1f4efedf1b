#include "plait/base/read_file.hpp"

#include "plait/base/error.hpp"
#include "plait/base/regular_file.hpp"
#include "plait/base/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace plait {

namespace {

[[noreturn]] void refuse(std::string_view what, const std::string& path, int error_number) {
    throw_bad_input(fmt::format("{} {}: {}", what, path, system_message(error_number)));
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most) {
    // A pipe would block this thread, and every call on it.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) refuse("open", path, errno);
    if (!is_regular_file(file)) throw_bad_input(fmt::format("{} is not a plain file", path));

    std::string text;
    constexpr std::size_t step = 64 * 1024;
    for (ssize_t count = 1; count > 0;) {
        if (text.size() > most) throw_bad_input(fmt::format("{} is larger than {} KiB", path, most / 1024));
        const std::size_t size = text.size();
        text.resize(size + step);
        while ((count = ::read(file.get(), text.data() + size, step)) < 0 && errno == EINTR) {
        }
        if (count < 0) refuse("read", path, errno);
        text.resize(size + static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace plait
