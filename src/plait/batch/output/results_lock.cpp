#include "plait/batch/output/results_lock.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>

namespace plait::batch {

bool is_locked_by_run(const std::string& results_path) {
    const UniqueFd file(::open(results_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return false;
    if (!file) throw Error(ErrorCode::storage, fmt::format("open {}: {}", results_path, system_message(errno)));
    // A shared lock, so that two processes that check do not take each other for a run. Closing the descriptor releases
    // it.
    if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
    if (errno == EWOULDBLOCK) return true;
    throw Error(ErrorCode::storage, fmt::format("check the lock of {}: {}", results_path, system_message(errno)));
}

}  // namespace plait::batch
