#include "plait/policy/adaptive_limit.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <string>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

Task<void> hold(AdaptiveLimit& limit, Duration length, std::string& came, std::string& order, char name) {
    came.push_back(name);
    auto permit = co_await limit.enter();
    permit.begin();
    order.push_back(name);
    co_await sleep_for(length);
    permit.end(Load::fine);
}

}  // namespace

ASYNC_TEST("callers are served in order and never more than the limit at a time") {
    AdaptiveLimitOptions options;
    options.first = options.most = 2;
    AdaptiveLimit limit(options);
    std::string came;
    std::string order;
    TaskGroup group;
    for (char name = 'a'; name <= 'h'; ++name)
        group.start(hold, std::ref(limit), 1s, std::ref(came), std::ref(order), name);
    const TimePoint begin = now();
    co_await testing::others_wait();
    CHECK(limit.in_flight() == 2);
    CHECK(limit.waiting() == 6);
    co_await group.join();
    CHECK(now() == begin + 4s);
    CHECK(limit.in_flight() == 0);
    CHECK(order == came);
}

ASYNC_TEST("a caller that gives up takes no permit and a dropped call gives its own back") {
    AdaptiveLimitOptions options;
    options.first = 1;
    AdaptiveLimit limit(options);
    std::string came;
    std::string order;
    {
        TaskGroup group;
        group.start(hold, std::ref(limit), 10h, std::ref(came), std::ref(order), 'a');
        group.start(hold, std::ref(limit), 10h, std::ref(came), std::ref(order), 'b');
        co_await testing::others_wait();
        CHECK_FALSE(co_await within(1h, limit.enter()));
        CHECK(limit.waiting() == 1);
    }
    CHECK(limit.permits() == 0);
    CHECK(limit.in_flight() == 0);
    CHECK(limit.waiting() == 0);
    auto permit = co_await limit.enter();
    CHECK(limit.permits() == 1);
}

ASYNC_TEST("when the limit is cut, returned permits are kept until few enough are held") {
    AdaptiveLimitOptions options;
    options.first = 8;
    AdaptiveLimit limit(options);
    std::vector<AdaptiveLimit::Permit> permits;
    for (int call = 0; call < 8; ++call) {
        permits.push_back(co_await limit.enter());
        permits.back().begin();
    }
    co_await sleep_for(100ms);
    for (int refusal = 0; refusal < 2; ++refusal) {
        permits.back().end(Load::overloaded, "status 503");
        permits.pop_back();
    }
    CHECK(limit.limit() == 4);
    CHECK(limit.last_change().value().sign == "status 503");
    CHECK_FALSE(co_await within(100ms, limit.enter()));
    while (permits.size() > 4) permits.pop_back();
    CHECK_FALSE(co_await within(100ms, limit.enter()));
    permits.pop_back();
    CHECK(co_await within(1s, limit.enter()));
}

ASYNC_TEST("waiting callers proceed when the limit rises") {
    AdaptiveLimitOptions options;
    options.first = 20;
    AdaptiveLimit limit(options);
    std::string came;
    std::string order;
    TaskGroup group;
    for (int call = 0; call < 60; ++call) group.start(hold, std::ref(limit), 1s, std::ref(came), std::ref(order), 'x');
    const TimePoint begin = now();
    co_await group.join();
    CHECK(now() == begin + 2s);  // 20 at first, then 40
}

ASYNC_TEST("time between a permit and the send does not count as latency") {
    AdaptiveLimitOptions options;
    options.first = options.most = 1;
    AdaptiveLimit limit(options);
    for (int call = 0; call < 200; ++call) {
        auto permit = co_await limit.enter();
        co_await sleep_for(call < 100 ? 0s : 10s);
        permit.begin();
        co_await sleep_for(100ms);
        permit.end(Load::fine);
    }
    CHECK_FALSE(limit.last_change());
}
