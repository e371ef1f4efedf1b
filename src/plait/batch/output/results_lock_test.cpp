#include "plait/batch/output/results_lock.hpp"

#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

using namespace plait;
using namespace plait::batch;

TEST_CASE("results count as being written while a run holds their lock") {
    const UniqueFd file = batch::internal::memory_file();
    const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    CHECK_FALSE(is_locked_by_run(path));
    UniqueFd run(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(run.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(is_locked_by_run(path));
    CHECK(is_locked_by_run(path));
    run.reset();  // as when its process ends
    CHECK_FALSE(is_locked_by_run(path));
}

TEST_CASE("two processes that check the lock do not see each other") {
    const UniqueFd file = batch::internal::memory_file();
    const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    const UniqueFd other(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_SH | LOCK_NB) == 0);
    CHECK_FALSE(is_locked_by_run(path));
}

TEST_CASE("results that do not exist are not locked") { CHECK_FALSE(is_locked_by_run("/no/such/results")); }
