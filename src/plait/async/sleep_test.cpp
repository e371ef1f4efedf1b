#include "plait/async/sleep.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <string>

using namespace plait;
using namespace std::chrono_literals;

namespace {
Task<void> write_after(Duration duration, std::string& order, char name) {
    co_await sleep_for(duration);
    order.push_back(name);
}
}  // namespace

ASYNC_TEST("a sleep ends when its time has come, and not before") {
    const TimePoint start = now();
    co_await sleep_for(90min);
    CHECK(now() - start == 90min);
    co_await sleep_until(start + 91min);
    CHECK(now() - start == 91min);
}

ASYNC_TEST("sleeps end in the order of their deadlines, whatever order they start in") {
    std::string order;
    TaskGroup group;
    group.start(write_after, 3s, std::ref(order), 'c');
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(write_after, 2s, std::ref(order), 'b');
    co_await group.join();
    CHECK(order == "abc");
}

ASYNC_TEST("a sleep until the past lets the others run and ends") {
    co_await sleep_until(now() - 1h);
    co_await sleep_for(Duration::zero());
    CHECK(EventLoop::current_statistics().timers == 0);
}

ASYNC_TEST("a time-out leaves no timer behind when its task has ended") {
    CHECK(co_await within(1h, sleep_for(1s)));
    CHECK(EventLoop::current_statistics().timers == 0);
}

ASYNC_TEST("a yield in a cancelled scope throws") {
    CancelScope scope;
    scope.cancel();
    bool came_here = false;
    auto task = [](bool& past_the_yield) -> Task<void> {
        co_await yield();
        past_the_yield = true;
    };
    CHECK_FALSE(co_await scope.run(task(came_here)));
    CHECK_FALSE(came_here);
}
