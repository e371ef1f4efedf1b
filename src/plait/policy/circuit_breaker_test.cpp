#include "plait/policy/circuit_breaker.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

Task<void> fail(CircuitBreaker& breaker, int times) {
    for (int i = 0; i < times; ++i) {
        auto permit = co_await breaker.enter();
        permit->failed();
    }
}

/// A call to a server that can be reached from `up` on.
Task<void> call(CircuitBreaker& breaker, TimePoint up, int& tried, int& reached, int& parked) {
    for (;;) {
        auto permit = co_await breaker.enter();
        if (!permit) {
            ++parked;
            co_return;
        }
        ++tried;
        co_await sleep_for(100ms);
        if (now() >= up) {
            permit->succeeded();
            ++reached;
            co_return;
        }
        permit->failed();
    }
}

}  // namespace

ASYNC_TEST("twenty failures in a row open the circuit, and a success in between restarts the count") {
    CircuitBreaker breaker;
    co_await fail(breaker, 19);
    auto permit = co_await breaker.enter();
    permit->succeeded();
    co_await fail(breaker, 19);
    CHECK_FALSE(breaker.open_since());
    co_await fail(breaker, 1);
    CHECK(breaker.open_since() == now());
}

ASYNC_TEST("one probe at a time finds out that a server is back, and then all calls proceed") {
    CircuitBreaker breaker;
    const TimePoint begin = now();
    int tried = 0;
    int reached = 0;
    int parked = 0;
    TaskGroup group;
    for (int caller = 0; caller < 30; ++caller) {
        group.start(call, std::ref(breaker), begin + 60s, std::ref(tried), std::ref(reached), std::ref(parked));
    }
    co_await group.join();
    CHECK(reached == 30);
    CHECK(parked == 0);
    CHECK(tried <= 30 + 19 + 30 + 5);  // until it opens, the last of each, and probes after 5, 10, 20 and 40 s
    CHECK(now() - begin >= 60s);
    CHECK(now() - begin <= 80s);
}

ASYNC_TEST("a server that stays unreachable parks the group and ends all waits") {
    CircuitBreaker breaker;
    const TimePoint begin = now();
    int tried = 0;
    int reached = 0;
    int parked = 0;
    TaskGroup group;
    for (int caller = 0; caller < 30; ++caller) {
        group.start(call, std::ref(breaker), begin + 10h, std::ref(tried), std::ref(reached), std::ref(parked));
    }
    co_await group.join();
    CHECK(parked == 30);
    CHECK(tried <= 30 + 19 + 15);
    CHECK(now() - begin >= 10min);
    CHECK(now() - begin <= 11min);
}

ASYNC_TEST("a probe that is dropped makes room for the next one") {
    CircuitBreaker breaker;
    co_await fail(breaker, 20);
    const TimePoint begin = now();
    {
        auto probe = co_await breaker.enter();
        CHECK(now() == begin + 5s);
    }
    auto probe = co_await breaker.enter();
    CHECK(now() == begin + 5s);
    CHECK_FALSE(co_await within(1s, breaker.enter()));
    probe->succeeded();
    CHECK(co_await breaker.enter());
}
