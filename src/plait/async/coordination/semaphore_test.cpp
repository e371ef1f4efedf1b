#include "plait/async/coordination/semaphore.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

struct Crowd {
    int inside = 0;
    int most = 0;
    std::string order;
};

Task<void> enter(Semaphore& semaphore, Crowd& crowd, char name) {
    auto permit = co_await semaphore.acquire();
    crowd.most = std::max(crowd.most, ++crowd.inside);
    crowd.order.push_back(name);
    co_await sleep_for(1s);
    --crowd.inside;
}

Task<void> hold_for_ever(Semaphore& semaphore) {
    auto permit = co_await semaphore.acquire();
    co_await sleep_for(10'000h);
}

}  // namespace

ASYNC_TEST("no more tasks hold a permit than the limit allows") {
    Semaphore semaphore{2};
    Crowd crowd;
    TaskGroup group;
    for (char name = 'a'; name <= 'g'; ++name) group.start(enter, std::ref(semaphore), std::ref(crowd), name);
    co_await group.join();
    CHECK(crowd.most == 2);
    CHECK(semaphore.available() == 2);
}

ASYNC_TEST("a permit goes to the task that has waited longest, not to a later one") {
    Semaphore semaphore{1};
    Crowd crowd;
    auto held = semaphore.try_acquire();
    TaskGroup group;
    // One by one, so that they come in this order also where ready tasks are shuffled (PLAIT_TEST_SEED).
    for (const char name : {'a', 'b', 'c'}) {
        group.start(enter, std::ref(semaphore), std::ref(crowd), name);
        co_await testing::others_wait();
    }
    held.reset();
    CHECK_FALSE(semaphore.try_acquire());
    co_await group.join();
    CHECK(crowd.order == "abc");
}

ASYNC_TEST("a waiter that gives up takes no permit") {
    Semaphore semaphore{1};
    auto held = semaphore.try_acquire();
    auto late = co_await within(1h, semaphore.acquire());
    CHECK_FALSE(late);
    held.reset();
    CHECK(semaphore.try_acquire());
}

ASYNC_TEST("a dropped task gives its permit back, even before it was resumed") {
    Semaphore semaphore{1};
    auto held = semaphore.try_acquire();
    {
        TaskGroup group;
        group.start(hold_for_ever, std::ref(semaphore));
        co_await testing::others_wait();
        // The permit goes to the waiting task, which is dropped before it runs again, because nothing is awaited here.
        held.reset();
        CHECK(semaphore.available() == 0);
    }
    CHECK(semaphore.available() == 1);
}

ASYNC_TEST("a limit that grows lets waiting tasks through, and one that shrinks waits for held permits") {
    Semaphore semaphore{1};
    auto first = semaphore.try_acquire();
    std::vector<int> served;
    TaskGroup group;
    for (int n = 0; n < 2; ++n) {
        group.start(
            [](Semaphore& gate, std::vector<int>& done, int number) -> Task<void> {
                const auto permit = co_await gate.acquire();
                done.push_back(number);
            },
            std::ref(semaphore), std::ref(served), n);
        co_await testing::others_wait();  // one by one, so that they come in this order
    }
    CHECK(served.empty());
    semaphore.resize(2);
    co_await group.join();
    CHECK(served == std::vector<int>{0, 1});

    auto second = semaphore.try_acquire();
    semaphore.resize(0);
    CHECK(semaphore.available() == 0);
    first.reset();
    CHECK_FALSE(semaphore.try_acquire());
    semaphore.resize(1);
    CHECK_FALSE(semaphore.try_acquire());
    second.reset();
    CHECK(semaphore.try_acquire());
}
