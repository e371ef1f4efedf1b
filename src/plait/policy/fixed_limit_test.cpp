#include "plait/policy/fixed_limit.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>
#include <functional>
#include <string>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

Task<void> hold(FixedLimit& limit, int priority, std::string& came, std::string& order, char name) {
    came.push_back(name);
    const auto permit = co_await limit.enter(priority);
    order.push_back(name);
    co_await sleep_for(1s);
}

}  // namespace

ASYNC_TEST("a fixed limit serves callers in order, never more than its number at a time") {
    FixedLimit limit(2);
    std::string came;
    std::string order;
    TaskGroup group;
    for (char name = 'a'; name <= 'h'; ++name)
        group.start(hold, std::ref(limit), 0, std::ref(came), std::ref(order), name);
    const TimePoint begin = now();
    co_await testing::others_wait();
    CHECK(limit.permits() == 2);
    CHECK(limit.available() == 0);
    CHECK(limit.waiting() == 6);
    co_await group.join();
    CHECK(now() == begin + 4s);
    CHECK(limit.available() == 2);
    CHECK(order == came);
}

ASYNC_TEST("the highest priority takes the next permit of a fixed limit") {
    FixedLimit limit(1);
    std::string came;
    std::string order;
    TaskGroup group;
    group.start(hold, std::ref(limit), 0, std::ref(came), std::ref(order), 'a');
    co_await testing::others_wait();
    group.start(hold, std::ref(limit), 0, std::ref(came), std::ref(order), 'b');
    co_await testing::others_wait();
    group.start(hold, std::ref(limit), 5, std::ref(came), std::ref(order), 'c');
    co_await group.join();
    CHECK(order == "acb");
}

ASYNC_TEST("a caller that gives up takes no permit of a fixed limit") {
    FixedLimit limit(1);
    {
        const auto held = limit.try_enter();
        REQUIRE(held);
        CHECK_FALSE(limit.try_enter());
        CHECK_FALSE(co_await within(1h, limit.enter()));
        CHECK(limit.waiting() == 0);
    }
    CHECK(limit.available() == 1);
    CHECK(limit.try_enter());
}
