#include "plait/report/internal/states_text.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::report::internal;
using namespace std::chrono_literals;

TEST_CASE("states are letters of activities, each with tenths of microseconds") {
    const auto segments = segments_in("R12r3d0f40");
    REQUIRE(segments.size() == 3);  // without the one that took no time
    CHECK(segments[0].activity == trace::Activity::running);
    CHECK(segments[0].length == 1200ns);
    CHECK(segments[1].activity == trace::Activity::ready);
    CHECK(segments[2].activity == trace::Activity::first_byte);
    CHECK(segments[2].length == 4us);
    CHECK(sum_of(segments) == 5500ns);
    CHECK(segments_in("").empty());
}

TEST_CASE("states with an unknown letter, without a length or beyond a year are refused") {
    CHECK_THROWS_WITH(segments_in("R1?2"), "\"states\" has '?', which stands for no activity");
    CHECK_THROWS_WITH(segments_in("R"), "\"states\" has a letter without a length");
    CHECK_THROWS_WITH(segments_in("R99999999999999999999"), "\"states\" has a letter without a length");
    CHECK_THROWS_WITH(segments_in("R400000000000000"), "\"states\" has a letter without a length");
    const std::string half_a_year_and_more = "R200000000000000";
    CHECK_THROWS_WITH(sum_of(segments_in(half_a_year_and_more + half_a_year_and_more)),
                      "\"states\" is longer than a year");
}
