#include "plait/batch/method/descriptor_limit.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::batch;

TEST_CASE("a sufficient limit stays, and a low one is raised as far as needed") {
    CHECK(soft_limit_for(1000, {1024, 4096}, 900) == 1024);
    CHECK(soft_limit_for(2000, {1024, 4096}, 1900) == 2000);
    CHECK(soft_limit_for(4096, {1024, 4096}, 4000) == 4096);
}

TEST_CASE("the default concurrency stays below the hard limit") {
    CHECK(calls_within(1000, 1, {1024, 4096}) == 1000);
    CHECK(calls_within(1000, 1, {256, 564}) == 500);
    CHECK(calls_within(1000, 4, {256, 564}) == 125);
    CHECK(calls_within(1000, 1, {16, 32}) == 1);
    CHECK(calls_within(1000, 1, {256, 564}, 100) == 400);
    CHECK(calls_within(1000, 1, {16, 100}, 100) == 1);
}

TEST_CASE("descriptors that a run has open beside its calls are counted") {
    CHECK(descriptors_for(100, 2, 72) == descriptors_for(100, 2) + 72);
}

TEST_CASE("one call is not to be lowered") {
    CHECK_THROWS_WITH_AS(soft_limit_for(65, {20, 20}, 1),
                         "even one call at a time needs 65 open files, and this system allows 20: raise the limit with "
                         "`ulimit -n 65` (as root, or in limits.conf)",
                         Error);
}

TEST_CASE("the message about a limit that can't be raised says what to do") {
    try {
        soft_limit_for(20064, {1024, 4096}, 20000);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        CHECK(std::string(error.what()) ==
              "--concurrency 20000 needs 20064 open files, and this system allows 4096: lower it, or raise the limit "
              "with `ulimit -n 20064` (as root, or in limits.conf)");
    }
}
