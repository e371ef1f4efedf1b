#include "plait/policy/adaptive_limit.hpp"

#include "plait/async/semaphore.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/policy/random.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

/// Lets a round of calls pass, each as long as `latency`; when it ends.
TimePoint round(AdaptiveLimitState& state, Duration latency, TimePoint now, Load load = Load::fine) {
    state.limit_reached();
    const std::size_t calls = state.limit();
    for (std::size_t call = 0; call < calls; ++call) state.ended(now, load, now + latency);
    return now + latency;
}

}  // namespace

TEST_CASE("a clean round in which the limit was reached raises it by one") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    TimePoint now = start;
    for (std::size_t expected = 8; expected < 40; ++expected) {
        CHECK(state.limit() == expected);
        now = round(state, 100ms, now);
    }
}

TEST_CASE("a limit that was not reached stays") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    for (int call = 0; call < 100; ++call) state.ended(start + call * 1s, Load::fine, start + call * 1s + 100ms);
    CHECK(state.limit() == 8);
}

TEST_CASE("a refusal halves the limit and those that began before it do not halve it again") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    for (int call = 0; call < 8; ++call) state.ended(start, Load::overloaded, start + 100ms + call * 1ms);
    CHECK(state.limit() == 4);
    state.ended(start + 200ms, Load::overloaded, start + 300ms);
    CHECK(state.limit() == 2);
}

TEST_CASE("the limit never falls below the least nor rises above the most") {
    AdaptiveLimitOptions options;
    options.most = 10;
    AdaptiveLimitState state(options, start);
    TimePoint now = start;
    for (int i = 0; i < 10; ++i) now = round(state, 100ms, now);
    CHECK(state.limit() == 10);
    for (int i = 0; i < 10; ++i) now = round(state, 100ms, now, Load::overloaded);
    CHECK(state.limit() == 1);
}

TEST_CASE("a clear rise of latency takes a tenth") {
    AdaptiveLimitOptions options;
    options.first_pause = 1h;
    AdaptiveLimitState state(options, start);
    TimePoint now = start;
    for (int i = 0; i < 102; ++i) now = round(state, 100ms, now);
    CHECK(state.limit() == 110);
    std::size_t before = 110;
    int rounds = 0;
    while (state.limit() >= before && rounds < 10) {
        before = state.limit();
        now = round(state, 200ms, now);
        ++rounds;
    }
    CHECK(rounds <= 3);
    CHECK(state.limit() == before * 9 / 10);
}

TEST_CASE("latency alone takes no more than was added, refusals do") {
    AdaptiveLimitOptions options;
    options.first = 4;
    AdaptiveLimitState state(options, start);
    TimePoint now = start;
    std::size_t before = 4;
    std::size_t least_of_two = 4;
    for (int i = 0; i < 1000; ++i) {
        now = round(state, state.limit() * 50ms, now);  // the server makes one call at a time
        least_of_two = std::min(least_of_two, std::max(before, state.limit()));
        before = state.limit();
    }
    CHECK(least_of_two == 4);  // one round with half as many measures the least latency anew
    CHECK(state.limit() < 10);
    now = round(state, 200ms, now, Load::overloaded);
    CHECK(state.limit() < 4);
}

TEST_CASE("what ended for reasons of its own counts for nothing") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    state.limit_reached();
    for (int call = 0; call < 100; ++call) state.ended(start, Load::unknown, start + 1h);
    CHECK(state.limit() == 8);
}

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

ASYNC_TEST("callers are served in their order and never more than the limit at a time") {
    AdaptiveLimitOptions options;
    options.first = 2;
    options.step = 0;
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

ASYNC_TEST("when the limit is cut permits that come back are kept until it fits") {
    AdaptiveLimit limit;
    std::vector<AdaptiveLimit::Permit> permits;
    for (int call = 0; call < 8; ++call) {
        permits.push_back(co_await limit.enter());
        permits.back().begin();
    }
    co_await sleep_for(100ms);
    permits.back().end(Load::overloaded);
    CHECK(limit.limit() == 4);
    CHECK_FALSE(co_await within(1s, limit.enter()));
    while (permits.size() > 4) permits.pop_back();
    CHECK_FALSE(co_await within(1s, limit.enter()));
    permits.pop_back();
    CHECK(co_await within(1s, limit.enter()));
}

ASYNC_TEST("what is waited for with a permit in hand is not taken for latency") {
    AdaptiveLimitOptions options;
    options.first_pause = 24h;
    AdaptiveLimit limit(options);
    for (int call = 0; call < 200; ++call) {
        auto permit = co_await limit.enter();
        co_await sleep_for(call < 100 ? 0s : 10s);
        permit.begin();
        co_await sleep_for(100ms);
        permit.end(Load::fine);
    }
    CHECK(limit.limit() == 8);
}

namespace {

/// A server that works on so many calls at a time, each for about so long, and lets the others wait.
class ModelServer {
  public:
    ModelServer(std::size_t capacity, Duration work, double noise, Random& random)
        : places_(capacity), work_(work), noise_(noise), random_(random) {}

    Task<void> call() {
        auto place = co_await places_.acquire();
        co_await sleep_for(Duration(static_cast<Duration::rep>(static_cast<double>(work_.count()) * factor())));
    }

  private:
    /// Around 1: exponential, the more so the more noise there is.
    double factor() { return (1 - noise_) - noise_ * std::log(1 - draw(random_)); }

    Semaphore places_;
    Duration work_;
    double noise_;
    Random& random_;
};

Task<void> call_until(TimePoint end, AdaptiveLimit& limit, ModelServer& server, std::size_t& done) {
    while (now() < end) {
        auto permit = co_await limit.enter();
        permit.begin();
        co_await server.call();
        permit.end(Load::fine);
        ++done;
    }
}

struct Course {
    std::vector<std::size_t> limits;  // each second
    std::size_t done = 0;
};

Task<Course> drive(ModelServer& server, Duration length) {
    AdaptiveLimit limit;
    Course course;
    const TimePoint end = now() + length;
    TaskGroup group;
    for (int caller = 0; caller < 400; ++caller) {
        group.start(call_until, end, std::ref(limit), std::ref(server), std::ref(course.done));
    }
    while (now() < end) {
        co_await sleep_for(1s);
        course.limits.push_back(limit.limit());
    }
    co_await group.join();
    co_return course;
}

std::size_t share_of(std::vector<std::size_t> values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace

ASYNC_TEST("the limit settles near the knee of a server and does not swing wildly") {
    for (const std::size_t capacity : {4, 32, 100}) {
        for (const double noise : {0.0, 1.0}) {
            Random random(1);
            ModelServer server(capacity, 100ms, noise, random);
            const Course course = co_await drive(server, 6min);
            const std::vector<std::size_t> settled(course.limits.begin() + 60, course.limits.end());
            CAPTURE(capacity);
            CAPTURE(noise);
            CAPTURE(share_of(settled, 0.05));
            CAPTURE(share_of(settled, 0.5));
            CAPTURE(share_of(settled, 0.95));
            CHECK(share_of(settled, 0.05) >= capacity * 3 / 4);
            CHECK(share_of(settled, 0.95) <= capacity * 3 / 2 + 10);
            CHECK(share_of(settled, 0.95) <= share_of(settled, 0.05) * 3 / 2 + 8);
            // And the server was kept busy.
            CHECK(static_cast<double>(course.done) >= 0.9 * static_cast<double>(capacity) * 10 * 6 * 60);
        }
    }
}
