#include "plait/mock/internal/request_rate.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using plait::TimePoint;
using plait::mock::internal::RequestRate;

TEST_CASE("the most in a second is that of any second, not of whole seconds of the clock") {
    RequestRate rate;
    const TimePoint start(1h);
    rate.count(start + 100ms);
    rate.count(start + 900ms);
    rate.count(start + 1050ms);
    CHECK(rate.most_in_a_second() == 3);
    rate.count(start + 1150ms);  // the first is more than a second ago
    CHECK(rate.most_in_a_second() == 3);
}

TEST_CASE("old events are forgotten, however long the pause") {
    for (const plait::Duration pause : {1s + 0ms, 1s + 10ms, 2s + 0ms, 1000s + 0ms}) {
        RequestRate rate;
        const TimePoint start(1h);
        for (int i = 0; i < 5; ++i) rate.count(start);
        for (int i = 0; i < 4; ++i) rate.count(start + pause);
        CHECK(rate.most_in_a_second() == 5);
    }
}
