#include "plait/base/regular_file.hpp"

#include <sys/stat.h>

namespace plait {

bool is_regular_file(const UniqueFd& file) noexcept {
    struct stat status {};
    return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace plait
