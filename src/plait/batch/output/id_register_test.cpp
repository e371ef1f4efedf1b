#include "plait/batch/output/id_register.hpp"

#include "plait/batch/call/call.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::batch;

TEST_CASE("a second claim of an id returns the line of the first") {
    IdRegister ids;
    CHECK_FALSE(ids.claim("a", 1));
    CHECK_FALSE(ids.claim("b", 2));
    CHECK(ids.claim("a", 3) == 1);
    CHECK(ids.claim("a", 4) == 1);
    CHECK(ids.claim("b", 5) == 2);
}

TEST_CASE("a hundred thousand ids are distinct") {
    IdRegister ids;
    for (std::uint64_t line = 1; line <= 100'000; ++line) REQUIRE_FALSE(ids.claim("row-" + std::to_string(line), line));
    for (std::uint64_t line = 1; line <= 100'000; ++line) {
        REQUIRE(ids.claim("row-" + std::to_string(line), 200'000) == line);
    }
}

TEST_CASE("a line can claim its own automatic id, whoever wrote it") {
    IdRegister ids;
    CHECK_FALSE(ids.claim(automatic_id(1), 1));
    CHECK_FALSE(ids.claim(automatic_id(2), 2));
    CHECK_FALSE(ids.claim("line-3", 3));
}

TEST_CASE("an id that looks like another line's automatic id collides with it, whichever comes first") {
    IdRegister ids;
    CHECK_FALSE(ids.claim("line-5", 1));
    CHECK_FALSE(ids.claim(automatic_id(2), 2));
    CHECK_FALSE(ids.claim(automatic_id(4), 4));
    CHECK(ids.claim(automatic_id(5), 5) == 1);
    CHECK(ids.claim("line-4", 6) == 4);
    CHECK(ids.claim("line-5", 7) == 1);
    CHECK_FALSE(ids.claim("line-3", 8));
}

TEST_CASE("an id that only resembles an automatic one is like any other") {
    IdRegister ids;
    CHECK_FALSE(ids.claim(automatic_id(5), 5));
    for (const char* id : {"line-05", "line-", "line-5x", "line--5", "line-99999999999999999999", "Line-5"}) {
        CHECK_FALSE(ids.claim(id, 6));
        CHECK(ids.claim(id, 7) == 6);
    }
}

TEST_CASE("with many ids, an earlier one is still known, but not its line") {
    IdRegister ids(1000);
    for (std::uint64_t line = 1; line <= 1000; ++line) REQUIRE_FALSE(ids.claim("row-" + std::to_string(line), line));
    CHECK(ids.claim("row-17", 1001) == 17);
    for (std::uint64_t line = 1001; line <= 300'000; ++line) {
        REQUIRE_FALSE(ids.claim("row-" + std::to_string(line), line));
    }
    for (std::uint64_t line = 1; line <= 300'000; ++line) {
        REQUIRE(ids.claim("row-" + std::to_string(line), 400'000) == IdRegister::earlier_line);
    }
    CHECK_FALSE(ids.claim(automatic_id(400'001), 400'001));
    CHECK(ids.claim(automatic_id(400'001), 400'002) == 400'001);
}
