#include "plait/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace plait::internal {

void assertion_failed(const char* condition, const char* message, const char* file, int line) noexcept {
    std::fprintf(stderr, "plait: bug: %s (%s) at %s:%d\n", message, condition, file, line);
    std::abort();
}

}  // namespace plait::internal
