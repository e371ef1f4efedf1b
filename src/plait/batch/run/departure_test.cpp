#include "plait/batch/run/departure.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>
#include <memory>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

/// A group that sends two calls in ten seconds, with at most `most` in flight, and an origin that one failure closes.
struct Bench {
    explicit Bench(double most) : group("g", options(most), places) {}

    static GroupOptions options(double most) {
        GroupOptions group;
        group.pace.limits = {policy::RateLimit("requests", 2, 10s)};
        group.in_flight.emplace();
        group.in_flight->first = group.in_flight->most = most;
        return group;
    }

    Semaphore places{100};
    Group group;
    policy::CircuitBreaker circuit{{.failures = 1, .max_wait = 1min}};
    const policy::Costs costs = policy::Costs("requests", 1);
};

Task<void> take(Departure& departure, Bench& bench, Departure::Turn& turn) {
    turn = co_await departure.take(bench.costs, 0);
}

}  // namespace

ASYNC_TEST("a right to leave is taken whole or not at all") {
    Bench bench(2);
    Departure first(bench.group, &bench.circuit);
    CHECK(first.try_take(bench.costs));
    Departure too_fast(bench.group, &bench.circuit);
    CHECK_FALSE(too_fast.try_take(bench.costs));  // limits are spread evenly
    CHECK(bench.group.in_flight->permits() == 1);
    co_await sleep_for(5s);
    Departure second(bench.group, &bench.circuit);
    CHECK(second.try_take(bench.costs));
    co_await sleep_for(6s);
    Departure one_too_many(bench.group, &bench.circuit);
    CHECK_FALSE(one_too_many.try_take(bench.costs));
    first.ended(Reach::reached, policy::Load::fine);
    // The pace has not counted the one that found no place.
    CHECK(one_too_many.try_take(bench.costs));
}

ASYNC_TEST("who waits for an origin that can't be reached takes no place") {
    Bench bench(2);
    Departure failed(bench.group, &bench.circuit);
    CHECK(failed.try_take(bench.costs));
    failed.ended(Reach::not_reached, policy::Load::unknown);
    Departure waits(bench.group, &bench.circuit);
    CHECK_FALSE(waits.try_take(bench.costs));
    Departure::Turn turn = Departure::Turn::parked;
    TaskGroup waiting;
    waiting.start(take(waits, bench, turn));
    co_await sleep_for(1s);
    CHECK(bench.group.in_flight->permits() == 0);
    co_await waiting.join();
    CHECK(turn == Departure::Turn::taken);  // as a probe
    CHECK(bench.group.in_flight->permits() == 1);
}

ASYNC_TEST("an origin that could not be reached for too long is told from a parked group") {
    Bench bench(2);
    bool is_taken = true;
    for (int probe = 0; is_taken; ++probe) {
        REQUIRE(probe < 20);
        Departure departure(bench.group, &bench.circuit);
        const Departure::Turn turn = co_await departure.take(bench.costs, 0);
        is_taken = turn == Departure::Turn::taken;
        if (is_taken) {
            departure.ended(Reach::not_reached, policy::Load::unknown);
        } else {
            CHECK(turn == Departure::Turn::unreachable);
        }
    }
    Departure by_another_way(bench.group, nullptr);
    const Departure::Turn another_way = co_await by_another_way.take(bench.costs, 0);
    CHECK(another_way == Departure::Turn::taken);
    by_another_way.refused(1h, "retry-after");
    Departure parked(bench.group, nullptr);
    const Departure::Turn turn = co_await parked.take(bench.costs, 0);
    CHECK(turn == Departure::Turn::parked);
}

ASYNC_TEST("a way that was closed while its holder waited for the rest is waited for again") {
    Bench bench(1);
    Departure first(bench.group, &bench.circuit);
    CHECK(first.try_take(bench.costs));
    Departure second(bench.group, &bench.circuit);
    Departure::Turn turn = Departure::Turn::parked;
    TaskGroup waiting;
    waiting.start(take(second, bench, turn));
    co_await sleep_for(8s);
    const TimePoint closed = now();
    first.ended(Reach::not_reached, policy::Load::unknown);
    first.give_back();
    co_await waiting.join();
    CHECK(turn == Departure::Turn::taken);
    CHECK(now() - closed >= policy::CircuitBreakerOptions().first_pause);
}

ASYNC_TEST("a right that is dropped is given back") {
    Bench bench(1);
    {
        Departure dropped(bench.group, &bench.circuit);
        CHECK(dropped.try_take(bench.costs));
        CHECK(bench.group.in_flight->permits() == 1);
        CHECK(bench.places.available() == 99);
    }
    CHECK(bench.group.in_flight->permits() == 0);
    CHECK(bench.places.available() == 100);
    co_return;
}
