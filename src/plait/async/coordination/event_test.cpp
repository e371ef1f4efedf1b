#include "plait/async/coordination/event.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/jumping_clock.hpp"

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
Task<void> set_after(Event& event, Duration wait) {
    co_await sleep_for(wait);
    event.set();
}
Task<void> set_late(Event& event, testing::JumpingClock& clock, Duration by) {
    clock.advance(by);  // as if this task had kept the loop for so long
    event.set();
    co_return;
}
Task<bool> until(Event& event, TimePoint deadline) { co_return co_await event.wait_until(deadline); }
Task<void> until_void(Event& event, TimePoint deadline) { co_await event.wait_until(deadline); }
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

ASYNC_TEST("a wait with a deadline says which came first") {
    Event event;
    const TimePoint start = now();
    CHECK_FALSE(co_await event.wait_until(start + 2s));
    CHECK(now() == start + 2s);
    TaskGroup group;
    group.start(set_after, std::ref(event), 1s);
    CHECK(co_await event.wait_until(start + 1h));
    CHECK(now() == start + 3s);
    CHECK(co_await event.wait_until(start));  // it is set: there is nothing to wait for
    co_await group.join();
}

TEST_CASE("an event that is set just after the deadline, and before the loop sees that, came first") {
    testing::JumpingClock clock;
    const auto main = [](testing::JumpingClock& time) -> Task<void> {
        Event event;
        TaskGroup group;
        group.start(set_late, std::ref(event), std::ref(time), 2s);
        CHECK(co_await event.wait_until(now() + 1s));
        co_await group.join();
    };
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop(options).run(main(clock));
}

ASYNC_TEST("a wait with a deadline can be cancelled, and then leaves nothing behind") {
    Event event;
    CHECK_FALSE(co_await within(1s, until(event, now() + 1h)));
    event.set();
    CHECK(EventLoop::current_statistics().timers == 0);
    CancelScope scope;
    scope.cancel();
    event.reset();
    CHECK_FALSE(co_await scope.run(until(event, now() + 1h)));
    CHECK(EventLoop::current_statistics().timers == 0);
}

TEST_CASE("a task can be dropped while it waits with a deadline, and when its event has come") {
    auto main = [](bool has_come) -> Task<void> {
        Event event;
        {
            TaskGroup group;
            group.start(until_void, std::ref(event), now() + 1h);
            co_await yield();
            if (has_come) event.set();
        }
        CHECK(EventLoop::current_statistics().timers == 0);
    };
    run(main(false));
    run(main(true));
}
