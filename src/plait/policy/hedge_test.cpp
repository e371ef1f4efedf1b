#include "plait/policy/hedge.hpp"

#include "plait/async/task_group.hpp"
#include "plait/base/random.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

const auto always = [](const auto&) { return true; };
auto at_once = []() -> Task<bool> { co_return true; };

/// Calls of 100 to 110 ms, of which some take ten seconds.
struct Server {
    Random random{1};
    double slow = 0;
    int begun = 0;
    int ended = 0;
};

Task<int> call(Server& server) {
    const int number = ++server.begun;
    const bool is_slow = draw(server.random) < server.slow;
    const auto some = std::chrono::microseconds(static_cast<int>(draw(server.random) * 10'000));
    if (is_slow) {
        co_await sleep_for(10s);
    } else {
        co_await sleep_for(100ms + some);
    }
    ++server.ended;
    co_return number;
}

}  // namespace

ASYNC_TEST("no copy is sent before enough calls have ended") {
    Hedge hedge;
    Server server;
    server.slow = 1;
    auto make = [&] { return call(server); };
    for (int i = 0; i < 50; ++i) co_await hedge.run(make, at_once, always);
    CHECK(hedge.statistics().copies == 0);
    CHECK(server.begun == 50);
}

ASYNC_TEST("a slow call is overtaken by its copy and cancelled") {
    Hedge hedge;
    Server server;
    auto make = [&] { return call(server); };
    for (int i = 0; i < 100; ++i) co_await hedge.run(make, at_once, always);
    const std::size_t before = hedge.statistics().copies;
    const int ended_before = server.ended;
    int attempt = 0;
    auto slow_first = [&] {
        server.slow = attempt++ == 0 ? 1 : 0;
        return call(server);
    };
    const TimePoint begin = now();
    co_await hedge.run(slow_first, at_once, always);
    CHECK(attempt == 2);
    CHECK(now() - begin < 300ms);
    CHECK(server.ended == ended_before + 1);
    CHECK(hedge.statistics().copies == before + 1);
    CHECK(hedge.statistics().copies_won >= 1);
}

ASYNC_TEST("copies are never more than a twentieth of the calls") {
    Hedge hedge;
    Server server;
    server.slow = 0.2;
    auto make = [&] { return call(server); };
    for (int i = 0; i < 1000; ++i) {
        co_await hedge.run(make, at_once, always);
        CHECK(static_cast<double>(hedge.statistics().copies) <= 0.05 * static_cast<double>(hedge.statistics().calls));
    }
    CHECK(server.begun == 1000 + static_cast<int>(hedge.statistics().copies));
}

ASYNC_TEST("cancelling a call cancels its copy") {
    Hedge hedge;
    Server server;
    auto make = [&] { return call(server); };
    for (int i = 0; i < 100; ++i) co_await hedge.run(make, at_once, always);
    server.slow = 1;
    const int ended = server.ended;
    CHECK_FALSE(co_await within(1s, hedge.run(make, at_once, always)));
    co_await sleep_for(1min);
    CHECK(server.ended == ended);
}

ASYNC_TEST("a call that fails while its copy waits to be sent ends as it failed") {
    Hedge hedge;
    Server server;
    auto make = [&] { return call(server); };
    for (int i = 0; i < 100; ++i) co_await hedge.run(make, at_once, always);
    const std::size_t before = hedge.statistics().copies;
    const auto never = [](int) { return false; };
    for (const bool is_admitted : {true, false}) {
        auto late = [is_admitted]() -> Task<bool> {
            if (is_admitted) co_await sleep_for(1h);
            co_return is_admitted;
        };
        server.slow = 1;
        const int begun = server.begun;
        const TimePoint begin = now();
        CHECK(co_await hedge.run(make, late, never) == begun + 1);
        CHECK(now() - begin == 10s);
    }
    CHECK(hedge.statistics().copies == before);
}
