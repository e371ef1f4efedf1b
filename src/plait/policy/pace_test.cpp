#include "plait/policy/pace.hpp"

#include "plait/async/semaphore.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

PaceOptions limited_to(std::initializer_list<const char*> limits) {
    PaceOptions options;
    for (const char* limit : limits) options.limits.push_back(parse_rate_limit(limit));
    return options;
}

struct Departure {
    TimePoint when;
    int caller;
};

Task<void> leave(Pace& pace, Costs costs, int priority, int caller, std::vector<Departure>& departures) {
    const auto pass = co_await pace.enter(std::move(costs), priority);
    if (pass) departures.push_back({pass->left_at(), caller});
}

/// A caller whose number is that of its arrival.
Task<void> arrive_and_leave(Pace& pace, int& arrived, std::vector<Departure>& departures) {
    const int number = arrived++;
    const auto pass = co_await pace.enter();
    departures.push_back({pass->left_at(), number});
}

std::size_t most_in(const std::vector<Departure>& departures, Duration window) {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < departures.size(); ++last) {
        while (departures[first].when <= departures[last].when - window) ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

std::string callers(const std::vector<Departure>& departures) {
    std::string text;
    for (const Departure& departure : departures) text += std::to_string(departure.caller) + " ";
    return text;
}

/// Keeps what a process that is killed would leave to the next.
class KeptLog final : public LimitLog {
  public:
    std::vector<SlidingWindow::Left> before(const RateLimit& limit) override {
        std::vector<SlidingWindow::Left> all;
        for (const auto& [moment, left] : std::exchange(moments_[to_string(limit)], {})) {
            moments_[to_string(limit)].emplace(moments_[to_string(limit)].size(), left);
            all.push_back(left);
        }
        return all;
    }
    void left(const RateLimit& limit, SlidingWindow::Moment moment, const SlidingWindow::Left& left) override {
        if (is_full) throw Error(ErrorCode::storage, "the disk is full");
        moments_[to_string(limit)][moment] = left;
    }

    bool is_full = false;

  private:
    std::map<std::string, std::map<SlidingWindow::Moment, SlidingWindow::Left>> moments_;
};

LimitNotice left(double remaining, Duration reset) {
    LimitNotice notice(requests_unit, "x-ratelimit-remaining");
    notice.remaining = remaining;
    notice.reset = reset;
    return notice;
}

}  // namespace

ASYNC_TEST("without limits nobody waits") {
    Random random(1);
    Pace pace(PaceOptions(), random);
    const TimePoint start = now();
    for (int call = 0; call < 1000; ++call) CHECK((co_await pace.enter()).has_value());
    CHECK(now() == start);
    CHECK_FALSE(pace.waits_for());
}

ASYNC_TEST("an hour of waiting callers leaves in their order and never above any of the limits") {
    Random random(1);
    Pace pace(limited_to({"requests=500/m", "requests=20/s"}), random);
    std::vector<Departure> departures;
    const TimePoint start = now();
    TaskGroup group;
    int arrived = 0;
    for (int caller = 0; caller < 30'000; ++caller) {
        group.start(arrive_and_leave, std::ref(pace), std::ref(arrived), std::ref(departures));
    }
    co_await group.join();
    CHECK(departures.size() == 30'000);
    CHECK(std::is_sorted(departures.begin(), departures.end(),
                         [](const Departure& a, const Departure& b) { return a.caller < b.caller; }));
    CHECK(most_in(departures, 1min) <= 500);
    CHECK(most_in(departures, 1s) <= 20);
    CHECK(now() - start >= 59min);
    CHECK(now() - start <= 60min / 0.97);
}

ASYNC_TEST("the higher priority leaves first and callers of the same one in their order") {
    Random random(1);
    Pace pace(limited_to({"requests=1/s"}), random);
    std::vector<Departure> departures;
    TaskGroup group;
    group.start(leave, std::ref(pace), Costs(), 0, 0, std::ref(departures));
    co_await testing::others_wait();
    group.start(leave, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    group.start(leave, std::ref(pace), Costs(), 0, 2, std::ref(departures));
    co_await testing::others_wait();
    co_await sleep_for(100ms);
    group.start(leave, std::ref(pace), Costs(), 5, 3, std::ref(departures));
    co_await testing::others_wait();
    group.start(leave, std::ref(pace), Costs(), -1, 4, std::ref(departures));
    co_await testing::others_wait();
    group.start(leave, std::ref(pace), Costs(), 5, 5, std::ref(departures));
    co_await testing::others_wait();
    co_await group.join();
    CHECK(callers(departures) == "0 3 5 1 2 4 ");
}

ASYNC_TEST("callers that are cancelled while they wait take nothing and the others go on") {
    Random random(1);
    Pace pace(limited_to({"requests=1/m"}), random);
    const TimePoint start = now();
    CHECK(co_await pace.enter());
    CHECK_FALSE(co_await within(10s, pace.enter()));  // the first in line
    std::vector<Departure> departures;
    TaskGroup group;
    group.start(leave, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    CHECK_FALSE(co_await within(10s, pace.enter()));  // behind it
    CHECK(pace.waiting() == 1);
    co_await group.join();
    CHECK(now() - start > 1min);
    CHECK(now() - start < 62s);
}

ASYNC_TEST("callers that are dropped while they wait leave the line") {
    Random random(1);
    Pace pace(limited_to({"requests=1/m"}), random);
    std::vector<Departure> departures;
    {
        TaskGroup group;
        for (int caller = 0; caller < 3; ++caller) {
            group.start(leave, std::ref(pace), Costs(), 0, caller, std::ref(departures));
        }
        co_await testing::others_wait();
        CHECK(pace.waiting() == 2);
    }
    CHECK(pace.waiting() == 0);
    CHECK(departures.size() == 1);
}

ASYNC_TEST("a call waits for the slowest of its limits and says for which") {
    Random random(1);
    Pace pace(limited_to({"requests=100/s", "tokens=60k/m"}), random);
    CHECK(co_await pace.enter(Costs("tokens", 30'000)));
    std::vector<Departure> departures;
    TaskGroup group;
    const TimePoint start = now();
    group.start(leave, std::ref(pace), Costs("tokens", 1000), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    const auto reason = pace.waits_for();
    REQUIRE(reason);
    CHECK(reason->limit == "tokens=60k/m");
    CHECK(reason->learnt_from == "");
    CHECK(reason->until > start + 28s);
    co_await group.join();
    CHECK(now() == reason->until);
}

ASYNC_TEST("what a call did not cost is given back and lets the next one go") {
    Random random(1);
    Pace pace(limited_to({"tokens=60k/m"}), random);
    auto pass = co_await pace.enter(Costs("tokens", 60'000));
    std::vector<Departure> departures;
    TaskGroup group;
    const TimePoint start = now();
    group.start(leave, std::ref(pace), Costs("tokens", 1000), 0, 1, std::ref(departures));
    co_await sleep_for(2s);
    pace.settle(*pass, Costs("tokens", 500));
    co_await group.join();
    CHECK(now() == start + 2s);
}

ASYNC_TEST("calls that do not say what they cost are taken to cost what the settled ones did") {
    Random random(1);
    Pace pace(limited_to({"tokens=60k/m"}), random);
    auto pass = co_await pace.enter();
    pace.settle(*pass, Costs("tokens", 6000));
    const TimePoint start = now();
    for (int call = 0; call < 20; ++call) CHECK(co_await pace.enter());
    CHECK(now() - start > 110s);
    CHECK(now() - start < 125s);
}

ASYNC_TEST("a cost above a whole limit is refused with the limit") {
    Random random(1);
    Pace pace(limited_to({"tokens=1k/m"}), random);
    std::string message;
    try {
        co_await pace.enter(Costs("tokens", 1500));
    } catch (const Error& error) {
        message = error.what();
    }
    CHECK(message == "a call that costs 1.5k tokens: the limit is tokens=1k/m; it could never be sent");
}

ASYNC_TEST("a refusal holds all calls of the group and they come back spread over a tenth of the wait") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto pass = co_await pace.enter();
    const TimePoint start = now();
    pace.refused(*pass, 100s, "retry-after");
    std::vector<Departure> departures;
    TaskGroup group;
    for (int caller = 0; caller < 50; ++caller) {
        group.start(leave, std::ref(pace), Costs(), 0, caller, std::ref(departures));
    }
    co_await testing::others_wait();
    const auto reason = pace.waits_for();
    REQUIRE(reason);
    CHECK(reason->learnt_from == "retry-after");
    CHECK(reason->until == start + 100s);
    co_await group.join();
    CHECK(departures.front().when >= start + 100s);
    CHECK(departures.back().when <= start + 110s);
    CHECK(departures.back().when >= start + 108s);
    CHECK(most_in(departures, 1ns) == 1);
    CHECK(most_in(departures, 1s) <= 15);
}

ASYNC_TEST("refusals of calls that left before the first was known ask for no more than that one") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    std::vector<Pace::Pass> passes;
    for (int call = 0; call < 20; ++call) passes.push_back(std::move(*co_await pace.enter()));
    co_await sleep_for(50ms);
    const TimePoint start = now();
    for (const Pace::Pass& pass : passes) pace.refused(pass, std::nullopt, "429");
    CHECK(co_await pace.enter());
    CHECK(now() - start >= 1s);
    CHECK(now() - start <= 1100ms);
}

ASYNC_TEST("refusals that name no wait are waited for twice as long each time") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        const auto pass = co_await pace.enter();
        co_await sleep_for(10ms);
        const TimePoint start = now();
        pace.refused(*pass, std::nullopt, "429");
        CHECK(co_await pace.enter());
        CHECK(now() - start >= expected);
        CHECK(now() - start <= expected * 1.11 + 1s);
    }
}

ASYNC_TEST("asked to wait for longer than it does the group is parked and all that wait come out") {
    Random random(7);
    Pace pace(limited_to({"requests=1/s"}), random);
    const auto pass = co_await pace.enter();
    std::vector<Departure> departures;
    TaskGroup group;
    for (int caller = 0; caller < 5; ++caller) {
        group.start(leave, std::ref(pace), Costs(), 0, caller, std::ref(departures));
    }
    co_await testing::others_wait();
    const TimePoint start = now();
    pace.refused(*pass, 1h, "retry-after");
    co_await group.join();
    CHECK(departures.empty());
    CHECK(now() == start);
    REQUIRE(pace.parked());
    CHECK(pace.parked()->until == start + 1h);
    CHECK(pace.parked()->learnt_from == "retry-after");
    CHECK_FALSE(co_await pace.enter());
    co_await sleep_for(1h);
    CHECK_FALSE(pace.parked());
    CHECK(co_await pace.enter());
}

ASYNC_TEST("what a server says is left is spent and then waited for ahead of any refusal") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto pass = co_await pace.enter();
    const TimePoint start = now();
    pace.noticed(pass.value(), left(3, 60s));
    for (int call = 0; call < 3; ++call) CHECK(co_await pace.enter());
    CHECK(now() == start);
    std::vector<Departure> departures;
    TaskGroup group;
    group.start(leave, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    CHECK(pace.waits_for().value().limit == "requests: 0 left");
    CHECK(pace.waits_for().value().learnt_from == "x-ratelimit-remaining");
    CHECK(pace.waits_for().value().until == start + 60s);
    co_await group.join();
    CHECK(now() >= start + 60s);
    CHECK(now() <= start + 66s);
}

ASYNC_TEST("calls that the server had not counted yet are subtracted from what it says is left") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto first = co_await pace.enter();
    for (int call = 0; call < 4; ++call) CHECK(co_await pace.enter());
    const TimePoint start = now();
    pace.noticed(*first, left(5, 60s));
    CHECK(co_await pace.enter());
    CHECK(now() == start);
    CHECK(co_await pace.enter());
    CHECK(now() >= start + 60s);
}

ASYNC_TEST("an older answer that comes late says nothing about what is left") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto first = co_await pace.enter();
    co_await sleep_for(1s);
    const auto second = co_await pace.enter();
    const TimePoint start = now();
    pace.noticed(*second, left(9, 60s));
    pace.noticed(*first, left(0, 60s));
    CHECK(co_await pace.enter());
    CHECK(now() == start);
}

ASYNC_TEST("a quota of which nothing is left for longer than the longest wait parks the group") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto pass = co_await pace.enter();
    co_await sleep_for(1s);
    pace.noticed(*pass, left(0, 1h));
    CHECK_FALSE(co_await pace.enter());
    CHECK(pace.parked().value().limit == "not enough requests left");
    CHECK(pace.parked().value().learnt_from == "x-ratelimit-remaining");
    CHECK(pace.parked().value().until == now() + 1h);
    pace.noticed(*pass, left(10, 1h));
    CHECK(co_await pace.enter());
}

ASYNC_TEST("a window that the server names is kept to also where it does not say what is left") {
    Random random(7);
    Pace pace(PaceOptions(), random);
    const auto pass = co_await pace.enter();
    LimitNotice policy(requests_unit, "ratelimit-policy");
    policy.limit = 10;
    policy.window = 60s;
    pace.noticed(*pass, policy);
    std::vector<Departure> departures;
    TaskGroup group;
    for (int caller = 0; caller < 35; ++caller) {
        group.start(leave, std::ref(pace), Costs(), 0, caller, std::ref(departures));
    }
    co_await group.join();
    CHECK(most_in(departures, 60s) == 10);
    CHECK(departures.back().when - departures.front().when < 200s);
}

namespace {

/// A server that allows so many calls in any sliding window, as it sees them, and refuses the others.
struct Server {
    double allowed;
    Duration window;
    Duration way;  // in each direction
    Duration retry_after;
    std::deque<TimePoint> seen{};
    std::vector<TimePoint> accepted{};
    std::vector<TimePoint> refused{};
};

Task<bool> call(Server& server) {
    co_await sleep_for(server.way);
    while (!server.seen.empty() && server.seen.front() <= now() - server.window) server.seen.pop_front();
    const bool accepted = static_cast<double>(server.seen.size()) < server.allowed;
    if (accepted) server.seen.push_back(now());
    (accepted ? server.accepted : server.refused).push_back(now());
    co_await sleep_for(server.way);
    co_return accepted;
}

Task<void> call_until(TimePoint end, Pace& pace, Server& server) {
    while (now() < end) {
        const auto pass = co_await pace.enter();
        if (!pass) co_return;
        if (!co_await call(server)) pace.refused(*pass, server.retry_after, "retry-after");
    }
}

Task<void> load(Server& server, int callers, Duration length, Random& random) {
    Pace pace(PaceOptions(), random);
    const TimePoint end = now() + length;
    TaskGroup group;
    for (int caller = 0; caller < callers; ++caller) group.start(call_until, end, std::ref(pace), std::ref(server));
    co_await group.join();
}

std::size_t count_between(const std::vector<TimePoint>& times, TimePoint begin, TimePoint end) {
    return static_cast<std::size_t>(
        std::count_if(times.begin(), times.end(), [&](TimePoint time) { return time >= begin && time < end; }));
}

}  // namespace

ASYNC_TEST("an unknown limit is learnt from its refusals and used nearly whole") {
    for (const int callers : {12, 20, 100}) {
        for (const std::uint64_t seed : {1, 2, 3}) {
            Random random(seed);
            Server server{200, 1s, 25ms, 1s};
            const TimePoint start = now();
            co_await load(server, callers, 130s, random);
            const std::size_t accepted = count_between(server.accepted, start + 10s, start + 130s);
            const std::size_t refused = count_between(server.refused, start + 10s, start + 130s);
            CAPTURE(callers);
            CAPTURE(accepted);
            CAPTURE(refused);
            CHECK(accepted >= 0.9 * 200 * 120);
            CHECK(static_cast<double>(refused) < 0.02 * static_cast<double>(accepted));
            // In all, the first burst of as many calls as are allowed at a time aside.
            CHECK(static_cast<double>(server.refused.size()) <
                  0.02 * static_cast<double>(server.accepted.size() + refused) + callers);
        }
    }
}

ASYNC_TEST("a limit a minute is learnt as well as one a second") {
    Random random(1);
    Server server{300, 60s, 25ms, 60s};
    const TimePoint start = now();
    co_await load(server, 20, 1h, random);
    CHECK(count_between(server.accepted, start + 5min, start + 1h) >= 0.85 * 5 * 55 * 60);
    CHECK(server.refused.size() < 0.02 * static_cast<double>(server.accepted.size()));
}

ASYNC_TEST("a pace that was learnt too low is found to be so") {
    Random random(1);
    Server server{200, 1s, 25ms, 10s};  // the wait it asks for is ten times what it needs
    const TimePoint start = now();
    co_await load(server, 50, 10min, random);
    CHECK(count_between(server.accepted, start + 2min, start + 10min) >= 0.5 * 200 * 480);
}

ASYNC_TEST("limits hold across processes that are killed at any moment, and lose little") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        auto log = std::make_shared<KeptLog>();
        std::vector<Departure> departures;
        const TimePoint begin = now();
        while (now() < begin + 10min) {
            PaceOptions options = limited_to({"requests=20/m", "requests=3/s"});
            options.log = log;
            Pace pace(options, random);
            const TimePoint death = now() + std::chrono::milliseconds(random() % 90'000);
            const auto one_life = [](Pace& alive, std::vector<Departure>& all) -> Task<void> {
                for (;;) co_await leave(alive, Costs(), 0, 0, all);
            };
            CHECK_FALSE(co_await within(death - now(), one_life(pace, departures)));
        }
        CHECK(most_in(departures, 60s) <= 20);
        CHECK(most_in(departures, 1s) <= 3);
        CHECK(departures.size() >= 180);
    }
}

ASYNC_TEST("what a call really cost is known to the next process") {
    Random random(1);
    auto log = std::make_shared<KeptLog>();
    PaceOptions options = limited_to({"tokens=1000/m"});
    options.log = log;
    {
        Pace pace(options, random);
        auto little = co_await pace.enter(Costs("tokens", 900));
        pace.settle(*little, Costs("tokens", 100));
        auto much = co_await pace.enter(Costs("tokens", 50));
        pace.settle(*much, Costs("tokens", 850));
    }
    Pace pace(options, random);
    const TimePoint begin = now();
    const auto pass = co_await pace.enter(Costs("tokens", 100));
    CHECK(pass->left_at() - begin > 50s);
    CHECK(pass->left_at() - begin <= 62s);
}

ASYNC_TEST("what can't be remembered does not leave") {
    Random random(1);
    auto log = std::make_shared<KeptLog>();
    PaceOptions options = limited_to({"requests=20/m"});
    options.log = log;
    Pace pace(options, random);
    log->is_full = true;
    CHECK_THROWS_AS(pace.try_enter({}), Error);
    log->is_full = false;
    CHECK(co_await pace.enter());
}
