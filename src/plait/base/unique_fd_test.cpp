#include "plait/base/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

using namespace plait;

namespace {
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

std::array<UniqueFd, 2> make_pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}
}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
    auto [reader, writer] = make_pipe();
    const int fd = reader.get();
    {
        UniqueFd owner(std::move(reader));
        CHECK_FALSE(reader);
        CHECK(owner.get() == fd);
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("assigning closes what was owned before") {
    auto [reader, writer] = make_pipe();
    const int closed = reader.get(), kept = writer.get();
    reader = std::move(writer);
    CHECK_FALSE(is_open(closed));
    CHECK(reader.get() == kept);
    CHECK(is_open(kept));
}

TEST_CASE("a released descriptor stays open") {
    auto [reader, writer] = make_pipe();
    const int fd = reader.release();
    reader.reset();
    CHECK(is_open(fd));
    UniqueFd again(fd);
}
