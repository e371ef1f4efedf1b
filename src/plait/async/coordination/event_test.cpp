#include "plait/async/coordination/event.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <string>

using namespace plait;
using namespace std::chrono_literals;

namespace {
Task<void> write_when(Event& event, std::string& order, char name) {
    co_await event.wait();
    order.push_back(name);
}
Task<void> spin_on(Event& event, int& turns) {
    for (turns = 0; turns < 1'000; ++turns) co_await event.wait();
}
Task<void> note_turns(const int& turns, int& seen) {
    seen = turns;
    co_return;
}
}  // namespace

TEST_CASE("an event wakes all waiting tasks, in the order in which they came") {
    auto main = [](std::string& order) -> Task<void> {
        Event event;
        TaskGroup group;
        for (char name : {'a', 'b', 'c'}) group.start(write_when, std::ref(event), std::ref(order), name);
        co_await yield();
        CHECK(order.empty());
        event.set();
        co_await group.join();
    };
    std::string order;
    run(main(order));
    CHECK(order == "abc");
}

ASYNC_TEST("an event that is set lets every task through until it is reset") {
    Event event;
    event.set();
    co_await event.wait();
    CHECK(event.is_set());
    event.reset();
    CHECK_FALSE(co_await within(1s, event.wait()));
}

ASYNC_TEST("a task that gives up leaves the event alone") {
    Event event;
    CHECK_FALSE(co_await within(1s, event.wait()));
    event.set();
    co_await event.wait();
}

ASYNC_TEST("waits that end at once let the other tasks run in between") {
    Event event;
    event.set();
    int turns = 0, seen = -1;
    TaskGroup group;
    group.start(spin_on, std::ref(event), std::ref(turns));
    group.start(note_turns, std::cref(turns), std::ref(seen));
    co_await group.join();
    CHECK(turns == 1'000);
    CHECK(seen < 1'000);
}
