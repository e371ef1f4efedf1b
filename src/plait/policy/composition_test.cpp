// How the policies are put together: deadline(retry(limit(attempt))), outermost first.

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/circuit_breaker.hpp"
#include "plait/policy/pace/pace.hpp"
#include "plait/policy/retry.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>
#include <deque>
#include <optional>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

/// The outcome of an attempt, as a value: a failed call throws nothing.
struct Answer {
    int status = 0;  // 0: no connection
    std::optional<Duration> retry_after{};
};

/// A server that allows `allowed` calls a second, and fails now and then.
struct ThirdParty {
    std::size_t allowed = 50;
    int fails_each = 20;
    int seen = 0;
    int refused = 0;
    std::deque<TimePoint> accepted{};
};

Task<Answer> send(ThirdParty& server) {
    co_await sleep_for(25ms);
    Answer answer;
    while (!server.accepted.empty() && server.accepted.front() <= now() - 1s) server.accepted.pop_front();
    if (server.accepted.size() >= server.allowed) {
        ++server.refused;
        answer.status = 429;
        answer.retry_after = 1s;
    } else {
        server.accepted.push_back(now());
        answer.status = ++server.seen % server.fails_each == 0 ? 500 : 200;
    }
    co_await sleep_for(25ms);
    co_return answer;
}

/// The policies of one group; `random` outlives it.
struct Group {
    explicit Group(Random& random) : retry(RetryOptions(), random, &budget) {}

    AdaptiveLimit in_flight;
    Pace pace;
    CircuitBreaker breaker;
    RetryBudget budget;
    Retry retry;
};

/// One attempt within the limits of its group; nothing when the group is parked. The pace comes last: what waits for it
/// is the next to be sent.
Task<std::optional<Answer>> limit(Group& group, ThirdParty& server) {
    auto slot = co_await group.in_flight.enter();
    auto circuit = co_await group.breaker.enter();
    if (!circuit) co_return std::nullopt;
    auto permit = co_await group.pace.enter(Costs(), 0, &slot);
    if (!permit) co_return std::nullopt;

    const Answer answer = co_await send(server);

    if (answer.status == 0) {
        circuit->failed();
    } else {
        circuit->succeeded();
    }
    if (answer.status == 429) {
        group.pace.refused(*permit, answer.retry_after, "retry-after");
    } else {
        group.pace.accepted(*permit);
    }
    slot.end(answer.status == 429 ? Load::overloaded : Load::fine);
    co_return answer;
}

AttemptEnd judge(const std::optional<Answer>& answer) {
    if (!answer) return AttemptEnd::final();
    if (answer->status == 429) return AttemptEnd::asked_to_wait(answer->retry_after);
    if (answer->status == 0 || answer->status == 500) return AttemptEnd::repeatable();
    return AttemptEnd::final();
}

struct Ends {
    int ok = 0;
    int late = 0;
    int other = 0;
    int waits = 0;
};

Task<void> call(Group& group, ThirdParty& server, Duration deadline, Ends& ends) {
    auto limited = [&] { return limit(group, server); };
    auto note = [&](const std::optional<Answer>&, const RetryDecision& decision) {
        ends.waits += decision.again() ? 1 : 0;
    };
    auto repeated = group.retry.run(limited, judge, note, after(deadline));
    const auto end = co_await within(deadline, std::move(repeated));
    if (!end) {
        ++ends.late;
    } else if (*end && (*end)->status == 200) {
        ++ends.ok;
    } else {
        ++ends.other;
    }
}

}  // namespace

ASYNC_TEST("a deadline around a retry around the limits around an attempt ends every call") {
    Random random(1);
    Group group(random);
    ThirdParty server;
    Ends ends;
    const TimePoint begin = now();
    TaskGroup calls;
    for (int i = 0; i < 3000; ++i) {
        calls.start(call, std::ref(group), std::ref(server), 15min, std::ref(ends));
    }
    co_await calls.join();
    CHECK(ends.ok == 3000);
    CHECK(ends.waits >= 150);  // each twentieth answer was a 500
    CHECK(now() - begin < 3150s / 50 / 0.85);
    CHECK(server.refused < 60);
}

ASYNC_TEST("a deadline ends the calls that are still held back by the limits") {
    Random random(1);
    Group group(random);
    ThirdParty server;
    Ends ends;
    const TimePoint begin = now();
    TaskGroup calls;
    for (int i = 0; i < 3000; ++i) {
        calls.start(call, std::ref(group), std::ref(server), 10s, std::ref(ends));
    }
    co_await calls.join();
    CHECK(now() == begin + 10s);
    CHECK(ends.ok + ends.late + ends.other == 3000);
    CHECK(ends.ok > 300);
    CHECK(ends.ok <= 500);
    CHECK(group.pace.waiting() == 0);
    CHECK(group.in_flight.permits() == 0);
}

namespace {

Task<void> make_call(AdaptiveLimit& in_flight, Pace& pace, Load load) {
    auto slot = co_await in_flight.enter();
    auto permit = co_await pace.enter(Costs(), 0, &slot);
    if (load == Load::fine) CHECK(in_flight.in_flight() <= in_flight.limit());
    co_await sleep_for(100ms);
    slot.end(load, "status 503");
}

}  // namespace

ASYNC_TEST("a limit that is lowered also holds for calls that wait for the pace with a slot") {
    AdaptiveLimitOptions eight;
    eight.first = 8;
    AdaptiveLimit in_flight(eight);
    PaceOptions two_at_first;
    two_at_first.server.opening.first_look = 2;
    Pace pace(two_at_first);
    TaskGroup group;
    for (int call = 0; call < 8; ++call)
        group.start(make_call, std::ref(in_flight), std::ref(pace), call < 2 ? Load::overloaded : Load::fine);
    co_await testing::others_wait();
    CHECK(in_flight.permits() == 8);
    CHECK(in_flight.in_flight() == 2);
    co_await sleep_for(500ms);
    CHECK(in_flight.limit() == 1);
    co_await group.join();
    CHECK(in_flight.permits() == 0);
}
