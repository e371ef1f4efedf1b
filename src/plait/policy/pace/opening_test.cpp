#include "plait/policy/pace/opening.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

int leave_all(Opening& opening, TimePoint now) {
    int count = 0;
    for (; count < 1000 && opening.earliest(now) <= now; ++count) opening.sent(now);
    return count;
}

}  // namespace

TEST_CASE("a few calls are sent first, and the others when these are answered") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    CHECK(leave_all(opening, start + 90ms) == 0);
    for (int call = 0; call < 32; ++call) opening.answered(start, start + 90ms);
    CHECK(leave_all(opening, start + 91ms) < 10);
    int soon = 0;
    for (Duration time = 91ms; time <= 125ms; time += 1ms) soon += leave_all(opening, start + time);
    CHECK(soon >= 128);
    CHECK(leave_all(opening, start + 500ms) == 1000);
    CHECK(opening.is_over());
}

TEST_CASE("the nearer a server, the fewer calls wait for its answers") {
    const auto unanswered_after = [](Duration latency) {
        Opening opening({.first_look = 32});
        const TimePoint start(1h);
        leave_all(opening, start);
        for (int call = 0; call < 32; ++call) opening.answered(start, start + latency);
        return leave_all(opening, start + latency + 300ms);
    };
    CHECK(unanswered_after(5ms) == 6);
    CHECK(unanswered_after(30ms) == 6);
    CHECK(unanswered_after(55ms) == 32);
    CHECK(unanswered_after(90ms) > 128);
}

TEST_CASE("a near server is opened wide after a third of a second") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    opening.answered(start, start + 5ms);
    CHECK(leave_all(opening, start + 354ms) == 0);
    CHECK(leave_all(opening, start + 355ms) == 1000);
}

TEST_CASE("a refusal makes room as any other answer does") {
    Opening opening({.first_look = 2});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 2);
    for (int call = 0; call < 2; ++call) opening.answered(start, start + 4ms);
    CHECK(leave_all(opening, start + 200ms) == 6);
    CHECK(leave_all(opening, start + 200ms) == 0);
    opening.answered(start + 200ms, start + 204ms);
    CHECK(leave_all(opening, start + 204ms) == 1);
}

TEST_CASE("a quarter of soon answers shows a near server, a few of them do not") {
    const auto unanswered_after = [](int soon) {
        Opening opening({.first_look = 32});
        const TimePoint start(1h);
        leave_all(opening, start);
        for (int call = 0; call < soon; ++call) opening.answered(start, start + 5ms);
        for (int call = soon; call < 32; ++call) opening.answered(start, start + 90ms);
        return leave_all(opening, start + 300ms);
    };
    CHECK(unanswered_after(12) < 10);
    CHECK(unanswered_after(2) > 100);
}

TEST_CASE("a near server that has answered many calls has half as many in flight") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    leave_all(opening, start);
    for (int call = 0; call < 32; ++call) opening.answered(start, start + 2ms);
    for (int call = 32; call < 240; ++call) {
        opening.sent(start + 10ms);
        opening.answered(start + 10ms, start + 12ms);
    }
    CHECK(leave_all(opening, start + 200ms) == 100);
}

TEST_CASE("a slow answer holds calls back for no longer than a second") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    CHECK(opening.earliest(start) == start + 1s);
    CHECK(leave_all(opening, start + 999ms) == 0);
    leave_all(opening, start + 1s);
    CHECK(leave_all(opening, start + 1100ms) > 0);
}

TEST_CASE("without a first look nothing is held back") {
    Opening opening({});
    CHECK(opening.is_over());
    CHECK(leave_all(opening, TimePoint(1h)) == 1000);
}
