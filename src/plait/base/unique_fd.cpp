#include "plait/base/unique_fd.hpp"

#include <unistd.h>

namespace plait {

void UniqueFd::reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace plait
