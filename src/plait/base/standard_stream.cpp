#include "plait/base/standard_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace plait {

UniqueFd reopen_standard_stream(int fd) {
    struct stat status {};
    const bool can_be_opened = ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
    if (can_be_opened) {
        const int flags = (fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        UniqueFd opened(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), flags));
        if (opened) return opened;
    }
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

}  // namespace plait
