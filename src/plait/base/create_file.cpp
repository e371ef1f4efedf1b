#include "plait/base/create_file.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace plait {

UniqueFd create_file(const std::string& path, bool overwrite) {
    constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
    constexpr int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    UniqueFd file(::open(path.c_str(), flags | (overwrite ? O_TRUNC : O_EXCL), owner_only));
    if (!file && errno == EEXIST) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored)) {
            throw_bad_input(fmt::format("{} exists: --overwrite replaces it", path));
        }
        file = UniqueFd(::open(path.c_str(), flags, owner_only));  // a device or a pipe has no contents to lose
    }
    if (!file) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, system_message(errno)));
    return file;
}

}  // namespace plait
