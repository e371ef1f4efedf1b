#include "plait/batch/caller/send_permit.hpp"

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
    explicit Bench(double most) : group("g", options(most), slots) {}

    static GroupOptions options(double most) {
        GroupOptions group;
        group.pace.limits = {policy::RateLimit("requests", 2, 10s)};
        group.in_flight.emplace();
        group.in_flight->first = group.in_flight->most = most;
        return group;
    }

    Semaphore slots{100};
    Group group;
    policy::CircuitBreaker circuit{{.failures = 1, .max_wait = 1min}};
    const policy::Costs costs = policy::Costs("requests", 1);
};

Task<void> take(SendPermit& permit, Bench& bench, SendPermit::Turn& turn) {
    turn = co_await permit.take(bench.costs, 0);
}

}  // namespace

ASYNC_TEST("a send permit is acquired as a whole or not at all") {
    Bench bench(2);
    SendPermit first(bench.group, &bench.circuit);
    CHECK(first.try_take(bench.costs));
    SendPermit too_fast(bench.group, &bench.circuit);
    CHECK_FALSE(too_fast.try_take(bench.costs));  // limits are spread evenly
    CHECK(bench.group.in_flight->permits() == 1);
    co_await sleep_for(5s);
    SendPermit second(bench.group, &bench.circuit);
    CHECK(second.try_take(bench.costs));
    co_await sleep_for(6s);
    SendPermit one_too_many(bench.group, &bench.circuit);
    CHECK_FALSE(one_too_many.try_take(bench.costs));
    first.ended(Reach::reached, policy::Load::fine);
    // The pace has not counted the one that found no place.
    CHECK(one_too_many.try_take(bench.costs));
}

ASYNC_TEST("a call that waits for an unreachable origin takes no slot") {
    Bench bench(2);
    SendPermit failed(bench.group, &bench.circuit);
    CHECK(failed.try_take(bench.costs));
    failed.ended(Reach::not_reached, policy::Load::unknown);
    SendPermit waits(bench.group, &bench.circuit);
    CHECK_FALSE(waits.try_take(bench.costs));
    SendPermit::Turn turn = SendPermit::Turn::parked;
    TaskGroup waiting;
    waiting.start(take(waits, bench, turn));
    co_await sleep_for(1s);
    CHECK(bench.group.in_flight->permits() == 0);
    co_await waiting.join();
    CHECK(turn == SendPermit::Turn::taken);  // as a probe
    CHECK(bench.group.in_flight->permits() == 1);
}

ASYNC_TEST("an origin that was unreachable for too long differs from a parked group") {
    Bench bench(2);
    bool is_taken = true;
    for (int probe = 0; is_taken; ++probe) {
        REQUIRE(probe < 20);
        SendPermit permit(bench.group, &bench.circuit);
        const SendPermit::Turn turn = co_await permit.take(bench.costs, 0);
        is_taken = turn == SendPermit::Turn::taken;
        if (is_taken) {
            permit.ended(Reach::not_reached, policy::Load::unknown);
        } else {
            CHECK(turn == SendPermit::Turn::unreachable);
        }
    }
    SendPermit by_another_way(bench.group, nullptr);
    const SendPermit::Turn another_way = co_await by_another_way.take(bench.costs, 0);
    CHECK(another_way == SendPermit::Turn::taken);
    by_another_way.refused(1h, "retry-after");
    SendPermit parked(bench.group, nullptr);
    const SendPermit::Turn turn = co_await parked.take(bench.costs, 0);
    CHECK(turn == SendPermit::Turn::parked);
}

ASYNC_TEST("a way that was closed while its holder waited for the rest is waited for again") {
    Bench bench(1);
    SendPermit first(bench.group, &bench.circuit);
    CHECK(first.try_take(bench.costs));
    SendPermit second(bench.group, &bench.circuit);
    SendPermit::Turn turn = SendPermit::Turn::parked;
    TaskGroup waiting;
    waiting.start(take(second, bench, turn));
    co_await sleep_for(8s);
    const TimePoint closed = now();
    first.ended(Reach::not_reached, policy::Load::unknown);
    first.give_back();
    co_await waiting.join();
    CHECK(turn == SendPermit::Turn::taken);
    CHECK(now() - closed >= policy::CircuitBreakerOptions().first_pause);
}

ASYNC_TEST("a full origin holds calls back whatever their groups, and takes no slot of theirs") {
    Bench bench(2);
    Bench other(2);
    policy::FixedLimit origin(1);
    SendPermit first(bench.group, &bench.circuit, &origin);
    CHECK(first.try_take(bench.costs));
    SendPermit second(other.group, &other.circuit, &origin);
    CHECK_FALSE(second.try_take(other.costs));
    SendPermit::Turn turn = SendPermit::Turn::parked;
    TaskGroup waiting;
    waiting.start(take(second, other, turn));
    co_await sleep_for(1min);
    CHECK(origin.waiting() == 1);
    CHECK(other.group.in_flight->permits() == 0);
    first.ended(Reach::reached, policy::Load::fine);
    first.give_back();
    co_await waiting.join();
    CHECK(turn == SendPermit::Turn::taken);
    CHECK(origin.permits() == 1);
}

ASYNC_TEST("a right that is dropped is given back") {
    Bench bench(1);
    {
        SendPermit dropped(bench.group, &bench.circuit);
        CHECK(dropped.try_take(bench.costs));
        CHECK(bench.group.in_flight->permits() == 1);
        CHECK(bench.slots.available() == 99);
    }
    CHECK(bench.group.in_flight->permits() == 0);
    CHECK(bench.slots.available() == 100);
    co_return;
}
