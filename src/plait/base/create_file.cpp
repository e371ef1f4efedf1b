#include "plait/base/create_file.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace plait {

namespace {

bool is_regular_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

UniqueFd create_file(const std::string& path, bool overwrite) {
    constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
    constexpr int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    UniqueFd file(::open(path.c_str(), flags | (overwrite ? O_TRUNC : O_EXCL), owner_only));
    if (!file && errno == EEXIST) {
        if (is_regular_file(path)) {
            throw Error(ErrorCode::bad_input, fmt::format("{} exists: --overwrite replaces it", path));
        }
        file = UniqueFd(::open(path.c_str(), flags, owner_only));  // a device or a pipe holds nothing of before
    }
    if (!file) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, system_message(errno)));
    return file;
}

}  // namespace plait
