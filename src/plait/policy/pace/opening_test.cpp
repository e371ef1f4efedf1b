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

TEST_CASE("a few calls are sent first, and the others when one of them is answered") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    CHECK(leave_all(opening, start + 90ms) == 0);
    opening.answered(start, start + 90ms);
    CHECK(leave_all(opening, start + 91ms) < 10);
    int soon = 0;
    for (Duration time = 91ms; time <= 125ms; time += 1ms) soon += leave_all(opening, start + time);
    CHECK(soon >= 128);
    CHECK(leave_all(opening, start + 500ms) == 1000);
    CHECK(opening.is_over());
}

TEST_CASE("sending to a near server grows so gently that few calls are refused when it refuses soon") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    for (int call = 0; call < 32; ++call) opening.answered(start, start + 5ms);
    const auto leave_and_answer = [&](Duration time) {
        const int count = leave_all(opening, start + time);
        for (int call = 0; call < count; ++call) opening.answered(start + time, start + time);
        return count;
    };
    int more = 0;
    for (Duration time = 5ms; time <= 25ms; time += 1ms) more += leave_and_answer(time);
    CHECK(more <= 10);
    for (Duration time = 25ms; time <= 255ms; time += 1ms) more += leave_and_answer(time);
    CHECK(more >= 1000);
}

TEST_CASE("a near server that answers one call after the other has few of them at a time, more once it answered many") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    int unanswered = leave_all(opening, start);
    for (Duration time = 4ms; time <= 300ms; time += 4ms) {
        opening.answered(start + time - 4ms, start + time);
        unanswered += leave_all(opening, start + time) - 1;
        CHECK(unanswered <= (time < 64ms ? 32 : time <= 160ms ? 16 : 56));
    }
    CHECK(leave_all(opening, start + 400ms) == 1000);
}

TEST_CASE("a near server whose first answers come late is found to be near by the next one") {
    Opening opening({.first_look = 32});
    const TimePoint start(1h);
    CHECK(leave_all(opening, start) == 32);
    for (int call = 0; call < 32; ++call) opening.answered(start, start + 80ms);
    int more = leave_all(opening, start + 80ms);
    more += leave_all(opening, start + 83ms);
    opening.answered(start + 80ms, start + 84ms);
    for (Duration time = 84ms; time <= 105ms; time += 1ms) more += leave_all(opening, start + time);
    CHECK(more <= 16);
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
