#include "plait/policy/retry.hpp"

#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;
using Why = RetryDecision::Why;

namespace {

constexpr TimePoint start{100h};

AttemptHistory after_attempts(int attempts) {
    AttemptHistory history;
    history.attempts = attempts;
    return history;
}

}  // namespace

TEST_CASE("a final outcome stops, and a retryable one is tried again until the attempts are used up") {
    Random random(1);
    const RetryOptions options;
    CHECK(decide(after_attempts(1), AttemptEnd::final(), options, start, random).why == Why::final);
    for (int attempts = 1; attempts < 5; ++attempts) {
        CHECK(decide(after_attempts(attempts), AttemptEnd::repeatable(), options, start, random).why == Why::back_off);
    }
    CHECK(decide(after_attempts(5), AttemptEnd::repeatable(), options, start, random).why == Why::attempts_used_up);
}

TEST_CASE("only failures count for the retry budget, and only those that name no wait") {
    Random random(1);
    const RetryOptions options;
    const auto counts = [&](const AttemptEnd& end) {
        return decide(after_attempts(1), end, options, start, random).counts;
    };
    CHECK(counts(AttemptEnd::repeatable()));
    CHECK_FALSE(counts(AttemptEnd::repeatable(20s)));
    CHECK_FALSE(counts(AttemptEnd::asked_to_wait()));
    CHECK_FALSE(counts(AttemptEnd::asked_to_wait(20s)));
}

TEST_CASE("waits are drawn evenly from zero up to a bound that doubles and stops at a minute") {
    Random random(1);
    RetryOptions options;
    options.max_attempts = 1000;
    const std::vector<std::pair<int, Duration>> bounds{{1, 500ms}, {2, 1s},  {3, 2s},   {4, 4s},
                                                       {7, 32s},   {8, 60s}, {999, 60s}};
    for (const auto& [attempts, bound] : bounds) {
        Duration longest{};
        Duration shortest = 24h;
        Duration sum{};
        for (int i = 0; i < 2000; ++i) {
            const Duration wait =
                decide(after_attempts(attempts), AttemptEnd::repeatable(), options, start, random).wait;
            longest = std::max(longest, wait);
            shortest = std::min(shortest, wait);
            sum += wait;
        }
        CHECK(longest <= bound);
        CHECK(longest > bound * 0.99);
        CHECK(shortest < bound * 0.01);
        CHECK(sum / 2000 > bound * 0.45);
        CHECK(sum / 2000 < bound * 0.55);
    }
}

TEST_CASE("a requested wait is extended by up to a tenth and uses up no attempt") {
    Random random(1);
    const RetryOptions options;
    AttemptHistory history = after_attempts(5);
    history.times_asked_to_wait = 100;
    Duration longest{};
    for (int i = 0; i < 1000; ++i) {
        const RetryDecision decision = decide(history, AttemptEnd::asked_to_wait(20s), options, start, random);
        CHECK(decision.why == Why::asked);
        CHECK(decision.wait >= 20s);
        CHECK(decision.wait <= 22s);
        longest = std::max(longest, decision.wait);
    }
    CHECK(longest > 21900ms);
    CHECK(decide(history, AttemptEnd::asked_to_wait(), options, start, random).why == Why::back_off);
}

TEST_CASE("a failure that names a wait is not tried again before that wait is over") {
    Random random(1);
    for (int i = 0; i < 100; ++i) {
        CHECK(decide(after_attempts(1), AttemptEnd::repeatable(3s), RetryOptions(), start, random).wait >= 3s);
    }
}

TEST_CASE("a wait above the longest one or past the deadline stops") {
    Random random(1);
    const RetryOptions options;
    CHECK(decide(after_attempts(0), AttemptEnd::asked_to_wait(601s), options, start, random).why ==
          Why::asked_for_too_long);
    CHECK(decide(after_attempts(0), AttemptEnd::asked_to_wait(600s), options, start, random).why == Why::asked);
    AttemptHistory history = after_attempts(1);
    history.deadline = start + 10s;
    CHECK(decide(history, AttemptEnd::asked_to_wait(10s), options, start, random).why == Why::past_deadline);
    CHECK(decide(history, AttemptEnd::asked_to_wait(9s), options, start, random).again());
}

namespace {

/// Attempts with the given outcomes, a second each.
struct Script {
    std::vector<AttemptEnd> ends;
    std::size_t next = 0;
};

Task<int> attempt(Script& script) {
    co_await sleep_for(1s);
    co_return static_cast<int>(script.next++);
}

}  // namespace

ASYNC_TEST("attempts follow each other until one is final, and each is reported with its decision") {
    Random random(1);
    Retry retry(RetryOptions(), random);
    Script script{
        {AttemptEnd::repeatable(), AttemptEnd::asked_to_wait(5s), AttemptEnd::repeatable(), AttemptEnd::final()}};
    std::string notes;
    Duration waits{};
    auto make = [&] { return attempt(script); };
    auto judge = [&](int number) { return script.ends[static_cast<std::size_t>(number)]; };
    auto note = [&](int number, const RetryDecision& decision) {
        notes += std::to_string(number) + " " + std::string(to_string(decision.why)) + ", ";
        waits += decision.wait;
    };
    const TimePoint begin = now();
    CHECK(co_await retry.run(make, judge, note) == 3);
    CHECK(notes == "0 back-off, 1 retry-after, 2 back-off, 3 final, ");
    CHECK(now() - begin == waits + 4s);
    CHECK(waits >= 5s);
}

ASYNC_TEST("an hour of requested waits uses up no attempt") {
    Random random(1);
    Retry retry(RetryOptions(), random);
    const TimePoint begin = now();
    Script script;
    auto make = [&] { return attempt(script); };
    auto judge = [&](int) { return now() - begin < 1h ? AttemptEnd::asked_to_wait(30s) : AttemptEnd::final(); };
    auto note = [](int, const RetryDecision&) {};
    CHECK(co_await retry.run(make, judge, note) > 100);
}

ASYNC_TEST("a deadline around a retry ends it while it waits") {
    Random random(1);
    Retry retry(RetryOptions(), random);
    Script script;
    auto make = [&] { return attempt(script); };
    auto judge = [](int) { return AttemptEnd::asked_to_wait(60s); };
    auto note = [](int, const RetryDecision&) {};
    const TimePoint begin = now();
    CHECK_FALSE(co_await within(30s, retry.run(make, judge, note)));
    CHECK(now() == begin + 30s);
    CHECK(script.next == 1);
}

namespace {

Task<void> repeat(RetryBudget& budget, std::vector<TimePoint>& repeats) {
    co_await budget.enter();
    repeats.push_back(now());
}

Task<void> begin_calls(RetryBudget& budget, Random& random, int count, std::vector<TimePoint>& calls) {
    for (int call = 0; call < count; ++call) {
        co_await sleep_for(std::chrono::milliseconds(random() % 2000));
        budget.call_made();
        calls.push_back(now());
    }
}

}  // namespace

ASYNC_TEST("retries never exceed a fifth of the last minute's calls, or three, whatever the pattern") {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        Random random(seed);
        RetryBudget budget;
        std::vector<TimePoint> calls;
        std::vector<TimePoint> repeats;
        TaskGroup group;
        group.start(begin_calls, std::ref(budget), std::ref(random), 500, std::ref(calls));
        for (int i = 0; i < 200; ++i) {
            group.start(repeat, std::ref(budget), std::ref(repeats));
            if (random() % 4 == 0) co_await sleep_for(std::chrono::milliseconds(random() % 8000));
        }
        co_await group.join();
        CHECK(repeats.size() == 200);
        for (const TimePoint end : repeats) {
            const auto inside = [&](TimePoint time) { return time > end - 1min && time <= end; };
            const auto made = std::count_if(repeats.begin(), repeats.end(), inside);
            const auto begun = std::count_if(calls.begin(), calls.end(), inside);
            CHECK(static_cast<double>(made) <= std::max(3.0, 0.2 * static_cast<double>(begun)));
        }
    }
}

ASYNC_TEST("an exhausted budget permits the next retry after a minute or after enough new calls") {
    RetryBudget budget;
    const TimePoint begin = now();
    for (int i = 0; i < 3; ++i) co_await budget.enter();
    CHECK(now() == begin);
    co_await budget.enter();
    CHECK(now() == begin + 1min);

    std::vector<TimePoint> repeats;
    TaskGroup group;
    for (int i = 0; i < 3; ++i) group.start(repeat, std::ref(budget), std::ref(repeats));
    co_await testing::others_wait();
    CHECK(repeats.size() == 2);
    for (int i = 0; i < 20; ++i) budget.call_made();
    co_await group.join();
    CHECK(repeats.back() == begin + 1min);
}

ASYNC_TEST("a retry that is cancelled while it waits for the budget does not count") {
    RetryBudget budget;
    for (int i = 0; i < 3; ++i) co_await budget.enter();
    const TimePoint begin = now();
    CHECK_FALSE(co_await within(30s, budget.enter()));
    co_await budget.enter();
    CHECK(now() == begin + 1min);
}

ASYNC_TEST("each good answer of the last minute makes room for four more retries") {
    RetryBudget budget;
    const TimePoint begin = now();
    for (int i = 0; i < 10; ++i) budget.answered_well();
    for (int i = 0; i < 43; ++i) co_await budget.enter();
    CHECK(now() == begin);
    const auto another = co_await within(1s, budget.enter());
    CHECK_FALSE(another);
    budget.answered_well();
    co_await budget.enter();
    CHECK(now() == begin + 1s);
}

namespace {

/// A server that fails at random with this probability; each attempt takes 10 ms.
struct Erring {
    double probability;
    Random& random;
    int attempts = 0;
};

Task<bool> ask(Erring& server) {
    co_await sleep_for(10ms);
    ++server.attempts;
    co_return draw(server.random) >= server.probability;
}

Task<void> call(Erring& server, RetryBudget& budget, int& good) {
    Retry retry(RetryOptions(), server.random, &budget);
    auto make = [&server] { return ask(server); };
    auto judge = [](bool is_good) { return is_good ? AttemptEnd::final() : AttemptEnd::repeatable(); };
    auto note = [](bool, const RetryDecision&) {};
    if (co_await retry.run(make, judge, note)) ++good;
}

}  // namespace

ASYNC_TEST("a server that fails at random is not rationed, whatever share of the attempts fails") {
    for (const double probability : {0.1, 0.4, 0.6, 0.75}) {
        Random random(1);
        Erring server{probability, random};
        RetryBudget budget;
        int good = 0;
        const TimePoint begin = now();
        TaskGroup calls;
        for (int i = 0; i < 1000; ++i) calls.start(call, std::ref(server), std::ref(budget), std::ref(good));
        co_await calls.join();
        CHECK(now() - begin < 30s);
        // Where most retries help there are as many as it takes; elsewhere what five attempts can do.
        if (probability < 0.5) CHECK(good == 1000);
        CHECK(good > 1000 * (1 - std::pow(probability, 5)) - 40);
    }
}

ASYNC_TEST("a call that always fails uses up five attempts, however healthy its server is") {
    Random random(1);
    Erring well{0, random};
    Erring ill{1, random};
    RetryBudget budget;
    int good = 0;
    TaskGroup calls;
    for (int i = 0; i < 1000; ++i) calls.start(call, std::ref(i % 10 ? well : ill), std::ref(budget), std::ref(good));
    co_await calls.join();
    CHECK(good == 900);
    CHECK(ill.attempts == 500);
}

ASYNC_TEST("a server without a good answer gets a fifth more attempts, and its calls end in time") {
    Random random(1);
    Erring server{1, random};
    RetryBudget budget;
    int good = 0;
    const TimePoint begin = now();
    TaskGroup calls;
    for (int i = 0; i < 10; ++i) calls.start(call, std::ref(server), std::ref(budget), std::ref(good));
    co_await calls.join();
    CHECK(server.attempts == 13);
    CHECK(now() - begin < 30s);
    for (int i = 0; i < 1000; ++i) calls.start(call, std::ref(server), std::ref(budget), std::ref(good));
    co_await calls.join();
    CHECK(server.attempts <= 13 + 1000 + 202);
    CHECK(now() - begin < 2min);
    CHECK(good == 0);
}

ASYNC_TEST("an overloaded server is bounded by its pace and not by the budget") {
    Random random(1);
    CHECK_FALSE(decide(after_attempts(1), AttemptEnd::overloaded(), RetryOptions(), start, random).counts);
    CHECK(decide(after_attempts(1), AttemptEnd::overloaded(), RetryOptions(), start, random).why == Why::back_off);
    CHECK(decide(after_attempts(5), AttemptEnd::overloaded(), RetryOptions(), start, random).why ==
          Why::attempts_used_up);
    co_return;
}
