#include "plait/base/regular_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

using namespace plait;

TEST_CASE("a file is regular, and a device or a closed descriptor is not") {
    CHECK(is_regular_file(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))));
    CHECK_FALSE(is_regular_file(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))));
    CHECK_FALSE(is_regular_file(UniqueFd()));
}
