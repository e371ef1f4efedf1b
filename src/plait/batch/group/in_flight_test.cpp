#include "plait/batch/group/in_flight.hpp"

#include <doctest/doctest.h>

using namespace plait::batch;
using namespace std::chrono_literals;

TEST_CASE("the calls in flight are counted, and the oldest named with their time") {
    CHECK(in_flight_text(0, {}) == "0 calls in flight\n");
    CHECK(in_flight_text(1, {CallInFlight("a\nb", 90ms)}) == "1 call in flight; longest: \"a?b\" for 90 ms\n");
    CHECK(in_flight_text(7, {CallInFlight("row-1", 12s), CallInFlight("row-2", 3s)}) ==
          "7 calls in flight; longest: \"row-1\" for 12 s, \"row-2\" for 3 s\n");
}
