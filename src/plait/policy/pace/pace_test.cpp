#include "plait/policy/pace/pace.hpp"

#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/random.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/seeds.hpp"

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

struct Departed {
    TimePoint when;
    int caller;
};

Task<void> send(Pace& pace, Costs costs, int priority, int caller, std::vector<Departed>& departures) {
    const auto permit = co_await pace.enter(std::move(costs), priority);
    if (permit) departures.push_back({permit->sent_at(), caller});
}

/// A caller whose number is that of its arrival.
Task<void> arrive_and_leave(Pace& pace, int& arrived, std::vector<Departed>& departures) {
    const int number = arrived++;
    const auto permit = co_await pace.enter();
    departures.push_back({permit->sent_at(), number});
}

std::size_t most_in(const std::vector<Departed>& departures, Duration window) {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < departures.size(); ++last) {
        while (departures[first].when <= departures[last].when - window) ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

std::string callers(const std::vector<Departed>& departures) {
    std::string text;
    for (const Departed& departure : departures) text += std::to_string(departure.caller) + " ";
    return text;
}

/// Keeps what a killed process would leave to the next one.
class KeptLog final : public LimitLog {
  public:
    std::vector<SlidingWindow::Sent> before(const RateLimit& limit) override {
        std::vector<SlidingWindow::Sent> all;
        for (const auto& [moment, left] : std::exchange(moments_[to_string(limit)], {})) {
            moments_[to_string(limit)].emplace(moments_[to_string(limit)].size(), left);
            all.push_back(left);
        }
        return all;
    }
    void sent(const RateLimit& limit, SlidingWindow::Moment moment, const SlidingWindow::Sent& sent) override {
        if (is_full) throw Error(ErrorCode::storage, "the disk is full");
        ++told;
        moments_[to_string(limit)][moment] = sent;
    }

    bool is_full = false;
    int told = 0;

  private:
    std::map<std::string, std::map<SlidingWindow::Moment, SlidingWindow::Sent>> moments_;
};

LimitNotice left(double remaining, Duration reset) {
    LimitNotice notice(requests_unit, "x-ratelimit-remaining");
    notice.remaining = remaining;
    notice.reset = reset;
    return notice;
}

}  // namespace

ASYNC_TEST("without limits no caller waits") {
    Pace pace;
    const TimePoint start = now();
    for (int call = 0; call < 1000; ++call) CHECK((co_await pace.enter()).has_value());
    CHECK(now() == start);
    CHECK_FALSE(pace.waits_for());
}

ASYNC_TEST("for an hour waiting callers are sent in order and never above any of the limits") {
    Pace pace(limited_to({"requests=500/m", "requests=20/s"}));
    std::vector<Departed> departures;
    const TimePoint start = now();
    TaskGroup group;
    int arrived = 0;
    for (int caller = 0; caller < 30'000; ++caller) {
        group.start(arrive_and_leave, std::ref(pace), std::ref(arrived), std::ref(departures));
    }
    co_await group.join();
    CHECK(departures.size() == 30'000);
    CHECK(std::is_sorted(departures.begin(), departures.end(),
                         [](const Departed& a, const Departed& b) { return a.caller < b.caller; }));
    CHECK(most_in(departures, 1min) <= 500);
    CHECK(most_in(departures, 1s) <= 20);
    CHECK(now() - start >= 59min);
    CHECK(now() - start <= 60min / 0.97);
}

ASYNC_TEST("the higher priority is sent first, and equal priorities in order of arrival") {
    Pace pace(limited_to({"requests=1/s"}));
    std::vector<Departed> departures;
    TaskGroup group;
    group.start(send, std::ref(pace), Costs(), 0, 0, std::ref(departures));
    co_await testing::others_wait();
    group.start(send, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    group.start(send, std::ref(pace), Costs(), 0, 2, std::ref(departures));
    co_await testing::others_wait();
    co_await sleep_for(100ms);
    group.start(send, std::ref(pace), Costs(), 5, 3, std::ref(departures));
    co_await testing::others_wait();
    group.start(send, std::ref(pace), Costs(), -1, 4, std::ref(departures));
    co_await testing::others_wait();
    group.start(send, std::ref(pace), Costs(), 5, 5, std::ref(departures));
    co_await testing::others_wait();
    co_await group.join();
    CHECK(callers(departures) == "0 3 5 1 2 4 ");
}

ASYNC_TEST("callers that are cancelled while they wait take nothing, and the others proceed") {
    Pace pace(limited_to({"requests=1/m"}));
    const TimePoint start = now();
    CHECK(co_await pace.enter());
    CHECK_FALSE(co_await within(10s, pace.enter()));  // the first in line
    std::vector<Departed> departures;
    TaskGroup group;
    group.start(send, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    CHECK_FALSE(co_await within(10s, pace.enter()));  // behind it
    CHECK(pace.waiting() == 1);
    co_await group.join();
    CHECK(now() - start > 1min);
    CHECK(now() - start < 62s);
}

ASYNC_TEST("callers that are dropped while they wait leave the line") {
    Pace pace(limited_to({"requests=1/m"}));
    std::vector<Departed> departures;
    {
        TaskGroup group;
        for (int caller = 0; caller < 3; ++caller) {
            group.start(send, std::ref(pace), Costs(), 0, caller, std::ref(departures));
        }
        co_await testing::others_wait();
        CHECK(pace.waiting() == 2);
    }
    CHECK(pace.waiting() == 0);
    CHECK(departures.size() == 1);
}

ASYNC_TEST("a call that waits for a slot waits for no limit") {
    Semaphore slots(1);
    Pace pace({}, &slots);
    auto first = co_await pace.enter(Costs());
    std::vector<Departed> departures;
    TaskGroup group;
    group.start(send, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    CHECK(pace.waiting() == 1);
    CHECK_FALSE(pace.waits_for());
    first.reset();
    co_await group.join();
    CHECK(departures.size() == 1);
}

ASYNC_TEST("a call waits for the slowest of its limits and says which it is") {
    Pace pace(limited_to({"requests=100/s", "tokens=60k/m"}));
    CHECK(co_await pace.enter(Costs("tokens", 30'000)));
    std::vector<Departed> departures;
    TaskGroup group;
    const TimePoint start = now();
    group.start(send, std::ref(pace), Costs("tokens", 1000), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    const auto reason = pace.waits_for();
    REQUIRE(reason);
    CHECK(reason->limit == "tokens=60k/m");
    CHECK(reason->learnt_from == "");
    CHECK(reason->until > start + 28s);
    co_await group.join();
    CHECK(now() == reason->until);
}

ASYNC_TEST("unused cost is given back and lets the next call be sent") {
    Pace pace(limited_to({"tokens=60k/m"}));
    auto permit = co_await pace.enter(Costs("tokens", 60'000));
    std::vector<Departed> departures;
    TaskGroup group;
    const TimePoint start = now();
    group.start(send, std::ref(pace), Costs("tokens", 1000), 0, 1, std::ref(departures));
    co_await sleep_for(2s);
    pace.settle(*permit, Costs("tokens", 500));
    co_await group.join();
    CHECK(now() == start + 2s);
}

ASYNC_TEST("a call that was not sent after all counts in no limit, and teaches no cost") {
    Pace pace(limited_to({"requests=1/m", "tokens=60k/m"}));
    const TimePoint start = now();
    for (int times = 0; times < 100; ++times) {
        auto permit = co_await pace.enter();
        pace.take_back(*permit);
    }
    CHECK(co_await pace.enter(Costs("tokens", 60'000)));
    CHECK(now() == start);
    CHECK(co_await pace.enter());
    CHECK(now() - start > 1min);
}

ASYNC_TEST("calls that do not state a cost are assumed to cost what the settled ones did") {
    Pace pace(limited_to({"tokens=60k/m"}));
    auto permit = co_await pace.enter();
    pace.settle(*permit, Costs("tokens", 6000));
    const TimePoint start = now();
    for (int call = 0; call < 20; ++call) CHECK(co_await pace.enter());
    CHECK(now() - start > 110s);
    CHECK(now() - start < 125s);
}

ASYNC_TEST("a cost above a whole limit is refused, and the message names the limit") {
    Pace pace(limited_to({"tokens=1k/m"}));
    std::string message;
    try {
        co_await pace.enter(Costs("tokens", 1500));
    } catch (const Error& error) {
        message = error.what();
    }
    CHECK(message == "a call that costs 1.5k tokens: the limit is tokens=1k/m; it could never be sent");
}

ASYNC_TEST("a refusal holds back all calls of the group until one is accepted after the wait") {
    Pace pace;
    auto refused = co_await pace.enter();
    const TimePoint start = now();
    pace.refused(*refused, 100s, "retry-after");
    refused.reset();
    std::vector<Departed> departures;
    TaskGroup group;
    auto probe = co_await pace.enter();
    CHECK(now() == start + 100s);
    for (int caller = 0; caller < 5; ++caller) {
        group.start(send, std::ref(pace), Costs(), 0, caller, std::ref(departures));
    }
    co_await sleep_for(10s);
    CHECK(departures.empty());
    pace.accepted(*probe);
    co_await group.join();
    CHECK(departures.size() == 5);
    CHECK(now() == start + 110s);
}

ASYNC_TEST("after a refusal the pace says what asked for the wait and until when") {
    Pace pace;
    auto refused = co_await pace.enter();
    const TimePoint start = now();
    pace.refused(*refused, 100s, "retry-after");
    std::vector<Departed> departures;
    TaskGroup group;
    group.start(send, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    const auto reason = pace.waits_for();
    REQUIRE(reason);
    CHECK(reason->learnt_from == "retry-after");
    CHECK(reason->until == start + 100s);
    co_await group.join();
}

ASYNC_TEST("a call that is dropped after it was sent lets the next one try") {
    Pace pace;
    auto refused = co_await pace.enter();
    pace.refused(*refused, 10s, "retry-after");
    refused.reset();
    auto probe = co_await pace.enter();
    CHECK_FALSE(co_await within(1min, pace.enter()));
    probe.reset();
    CHECK(co_await pace.enter());
}

ASYNC_TEST("a requested wait above the longest one parks the group and ends all waits") {
    Pace pace(limited_to({"requests=1/s"}));
    auto permit = co_await pace.enter();
    std::vector<Departed> departures;
    TaskGroup group;
    for (int caller = 0; caller < 5; ++caller) {
        group.start(send, std::ref(pace), Costs(), 0, caller, std::ref(departures));
    }
    co_await testing::others_wait();
    const TimePoint start = now();
    pace.refused(*permit, 1h, "retry-after");
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

ASYNC_TEST("the quota that a server announces is spent and then waited for, before any refusal") {
    Pace pace;
    auto told = co_await pace.enter();
    const TimePoint start = now();
    pace.noticed(*told, left(3, 60s));
    told.reset();
    for (int call = 0; call < 3; ++call) CHECK(co_await pace.enter());
    CHECK(now() == start);
    std::vector<Departed> departures;
    TaskGroup group;
    group.start(send, std::ref(pace), Costs(), 0, 1, std::ref(departures));
    co_await testing::others_wait();
    CHECK(pace.waits_for().value().limit == "requests: 0 left");
    CHECK(pace.waits_for().value().learnt_from == "x-ratelimit-remaining");
    CHECK(pace.waits_for().value().until == start + 60s);
    co_await group.join();
    CHECK(now() == start + 60s);
}

ASYNC_TEST("a quota that stays empty for longer than the longest wait parks the group") {
    Pace pace;
    auto told = co_await pace.enter();
    co_await sleep_for(1s);
    pace.noticed(*told, left(0, 1h));
    CHECK_FALSE(co_await pace.enter());
    CHECK(pace.parked().value().limit == "not enough requests left");
    CHECK(pace.parked().value().learnt_from == "x-ratelimit-remaining");
    CHECK(pace.parked().value().until == now() + 1h);
}

ASYNC_TEST("limits hold across processes that are killed at any moment, and lose little") {
    for (std::uint64_t seed = 1; seed <= testing::seeds(50); ++seed) {
        CAPTURE(seed);
        Random random(seed);
        auto log = std::make_shared<KeptLog>();
        std::vector<Departed> departures;
        const TimePoint begin = now();
        while (now() < begin + 10min) {
            PaceOptions options = limited_to({"requests=20/m", "requests=3/s"});
            options.log = log;
            Pace pace(options);
            const TimePoint death = now() + std::chrono::milliseconds(random() % 90'000);
            const auto one_life = [](Pace& alive, std::vector<Departed>& all) -> Task<void> {
                for (;;) co_await send(alive, Costs(), 0, 0, all);
            };
            CHECK_FALSE(co_await within(death - now(), one_life(pace, departures)));
        }
        CHECK(most_in(departures, 60s) <= 20);
        CHECK(most_in(departures, 1s) <= 3);
        CHECK(departures.size() >= 180);
    }
}

ASYNC_TEST("the next process knows what a call really cost") {
    auto log = std::make_shared<KeptLog>();
    PaceOptions options = limited_to({"tokens=1000/m"});
    options.log = log;
    {
        Pace pace(options);
        auto little = co_await pace.enter(Costs("tokens", 900));
        pace.settle(*little, Costs("tokens", 100));
        auto much = co_await pace.enter(Costs("tokens", 50));
        pace.settle(*much, Costs("tokens", 850));
    }
    Pace pace(options);
    const TimePoint begin = now();
    const auto permit = co_await pace.enter(Costs("tokens", 100));
    CHECK(permit->sent_at() - begin > 50s);
    CHECK(permit->sent_at() - begin <= 62s);
}

ASYNC_TEST("a call that is settled after it left the window is forgotten") {
    auto log = std::make_shared<KeptLog>();
    PaceOptions options = limited_to({"tokens=1000/s"});
    options.log = log;
    Pace pace(options);
    auto slow = co_await pace.enter(Costs("tokens", 10));
    CHECK(log->told == 1);
    co_await sleep_for(5s);
    pace.settle(*slow, Costs("tokens", 4));
    CHECK(log->told == 1);
}

ASYNC_TEST("a call that can't be recorded is not sent") {
    auto log = std::make_shared<KeptLog>();
    PaceOptions options = limited_to({"requests=20/m"});
    options.log = log;
    Pace pace(options);
    log->is_full = true;
    CHECK_THROWS_AS(pace.try_enter({}), Error);
    log->is_full = false;
    CHECK(co_await pace.enter());
}

namespace {

struct FewSlots final : HeldSlot {
    explicit FewSlots(int& free_) : free(free_) {}
    bool may_begin() const noexcept override { return free > 0; }
    void begin() noexcept override { --free; }
    int& free;
};

Task<void> send_with_slot(Pace& pace, int& free, int& sent) {
    FewSlots slot(free);
    const auto permit = co_await pace.enter(Costs(), 0, &slot);
    ++sent;
    co_await sleep_for(1s);
    ++free;
}

}  // namespace

ASYNC_TEST("a call with a slot is sent only while the slot's limit has room, and the next when a call has ended") {
    Pace pace;
    int free = 2;
    int sent = 0;
    TaskGroup group;
    for (int call = 0; call < 6; ++call) group.start(send_with_slot, std::ref(pace), std::ref(free), std::ref(sent));
    co_await testing::others_wait();
    CHECK(sent == 2);
    CHECK(pace.waiting() == 4);
    co_await sleep_for(1500ms);
    CHECK(sent == 4);
    co_await group.join();
    CHECK(sent == 6);
    CHECK(free == 2);
}
