#include "plait/policy/pace/sliding_window.hpp"

#include "plait/base/random.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

/// The model: a log of everything that was ever sent, which finds how much of it lies in a window.
class NaiveLog {
  public:
    std::size_t add(TimePoint when, double cost) {
        entries_.push_back({when, cost});
        return entries_.size() - 1;
    }
    void correct(std::size_t index, double cost) { entries_[index].cost = cost; }

    /// Returns the most that was sent in any window of this length. The fullest one begins with a send.
    double fullest(Duration window) const {
        double most = 0;
        double inside = 0;
        std::size_t first = 0;
        for (const Entry& last : entries_) {
            inside += last.cost;
            while (entries_[first].when <= last.when - window) inside -= entries_[first++].cost;
            most = std::max(most, inside);
        }
        return most;
    }
    /// Returns what was sent in the window that ends at `end`.
    double inside(TimePoint end, Duration window) const {
        double sum = 0;
        for (const Entry& entry : entries_) {
            if (entry.when > end - window && entry.when <= end) sum += entry.cost;
        }
        return sum;
    }

  private:
    struct Entry {
        TimePoint when;
        double cost;
    };
    std::vector<Entry> entries_;
};

/// A pause of one of the kinds that traffic has: none, some, or longer than any window.
Duration random_pause(Random& random, Duration window) {
    switch (random() % 8) {
        case 0:
            return Duration(static_cast<Duration::rep>(random() % static_cast<std::uint64_t>(window.count() * 2)));
        case 1:
            return Duration(static_cast<Duration::rep>(random() % static_cast<std::uint64_t>(window.count() / 20)));
        default:
            return 0ns;
    }
}

RateLimit random_limit(Random& random) {
    const std::vector<Duration> windows{100ms, 1s, 10s, 60s, 1h};
    const std::vector<double> amounts{1, 3, 17, 200, 5000};
    return RateLimit("requests", amounts[random() % amounts.size()], windows[random() % windows.size()]);
}

}  // namespace

TEST_CASE("no more than the limit is sent in any window of its length, for any pattern of arrivals") {
    Random random(1);
    for (int round = 0; round < 200; ++round) {
        const RateLimit limit = random_limit(random);
        SlidingWindowOptions options;
        options.spread = round % 2 == 0;
        SlidingWindow window(limit, options);
        NaiveLog log;
        TimePoint now = start;
        for (int call = 0; call < 500; ++call) {
            now += random_pause(random, limit.window);
            const double cost = static_cast<double>(1 + random() % static_cast<std::uint64_t>(limit.amount));
            now = window.earliest(cost, now);
            window.take(cost, now);
            log.add(now, cost);
        }
        CHECK(log.fullest(limit.window) <= limit.amount);
    }
}

TEST_CASE("there is room at the earliest time and not before") {
    Random random(2);
    for (int round = 0; round < 100; ++round) {
        const RateLimit limit = random_limit(random);
        SlidingWindow window(limit);
        TimePoint now = start;
        for (int call = 0; call < 100; ++call) {
            now += random_pause(random, limit.window);
            const TimePoint when = window.earliest(1, now);
            CHECK(when >= now);
            if (when > now) CHECK(window.earliest(1, when - 1ns) == when);
            CHECK(window.earliest(1, when) == when);
            now = when;
            window.take(1, now);
        }
    }
}

TEST_CASE("lowered costs keep to the limit and give the room back") {
    Random random(3);
    for (int round = 0; round < 100; ++round) {
        const RateLimit limit("tokens", 5000, 60s);
        SlidingWindow window(limit);
        NaiveLog log;
        TimePoint now = start;
        struct Open {
            SlidingWindow::Moment moment;
            std::size_t entry;
            double reserved;
        };
        std::vector<Open> open;
        for (int call = 0; call < 400; ++call) {
            now += random_pause(random, limit.window) / 10;
            if (!open.empty() && random() % 2 == 0) {
                const Open last = open[random() % open.size()];
                std::erase_if(open, [&](const Open& other) { return other.entry == last.entry; });
                const double actual = static_cast<double>(random() % static_cast<std::uint64_t>(last.reserved + 1));
                window.settle(last.moment, last.reserved, actual, now);
                log.correct(last.entry, actual);
            }
            const double cost = static_cast<double>(1 + random() % 1000);
            now = window.earliest(cost, now);
            open.push_back({window.take(cost, now), log.add(now, cost), cost});
        }
        CHECK(log.fullest(limit.window) <= limit.amount);
    }

    SlidingWindowOptions at_once;
    at_once.spread = false;
    SlidingWindow window(RateLimit("tokens", 100, 60s), at_once);
    const auto moment = window.take(100, start);
    CHECK(window.earliest(40, start + 1s) > start + 60s);
    window.settle(moment, 100, 60, start + 1s);
    CHECK(window.earliest(40, start + 1s) == start + 1s);
}

TEST_CASE("later calls make up for a cost above what was reserved") {
    Random random(4);
    for (int round = 0; round < 100; ++round) {
        const RateLimit limit("tokens", 5000, 60s);
        SlidingWindow window(limit);
        NaiveLog log;
        TimePoint now = start;
        for (int call = 0; call < 300; ++call) {
            const double cost = static_cast<double>(1 + random() % 500);
            now = window.earliest(cost, now);
            const auto moment = window.take(cost, now);
            const std::size_t entry = log.add(now, cost);
            CHECK(log.inside(now, limit.window) <= limit.amount);  // by what was known when it was sent
            const double actual = cost * static_cast<double>(1 + random() % 3);
            log.correct(entry, actual);
            now += 1ms;
            window.settle(moment, cost, actual, now);
        }
    }
}

TEST_CASE("sends are spread evenly, with bursts of at most one second's worth") {
    const RateLimit limit("requests", 600, 60s);
    SlidingWindow window(limit);
    int at_once = 0;
    while (window.earliest(1, start) == start) {
        window.take(1, start);
        ++at_once;
    }
    CHECK(at_once >= 2);
    CHECK(at_once <= 11);  // a second's worth, and the one that crosses it
    TimePoint now = start;
    for (int call = 0; call < 300; ++call) {
        const TimePoint next = window.earliest(1, now);
        CHECK(next - now <= 110ms);
        now = next;
        window.take(1, now);
    }
}

TEST_CASE("under load at least 97 hundredths of the limit are used, even when each wake-up is late") {
    for (const auto& [limit, late] : {std::pair(RateLimit("requests", 200, 1s), Duration(1ms)),
                                      std::pair(RateLimit("requests", 10, 1s), Duration(2ms)),
                                      std::pair(RateLimit("requests", 500, 60s), Duration(20ms)),
                                      std::pair(RateLimit("requests", 100'000, 1s), Duration(300us)),
                                      std::pair(RateLimit("requests", 30'000, 1h), Duration(20ms))}) {
        SlidingWindow window(limit);
        TimePoint now = start;
        const TimePoint end = start + limit.window * 20;
        double left = 0;
        for (;;) {
            const TimePoint when = window.earliest(1, now);
            if (when > now) now = when + late;
            if (now >= end) break;
            window.take(1, now);
            ++left;
        }
        CAPTURE(to_string(limit));
        CHECK(left >= 0.97 * limit.amount * 20);
    }
}

TEST_CASE("a call that costs more than the whole limit is sent alone") {
    SlidingWindow window(RateLimit("tokens", 100, 60s));
    CHECK(window.earliest(500, start) == start);
    window.take(500, start);
    CHECK(window.earliest(1, start) > start + 60s);
}

TEST_CASE("a call that costs nothing never waits") {
    SlidingWindow window(RateLimit("tokens", 100, 60s));
    window.take(100, start);
    CHECK(window.earliest(0, start) == start);
}

TEST_CASE("a million calls are remembered in the memory of a thousand, and none is forgotten") {
    SlidingWindow window(RateLimit("requests", 1e6, 24h));
    TimePoint now = start;
    for (int call = 0; call < 1'000'000; ++call) window.take(1, now += 80ms);
    CHECK(window.moments() <= 1001);
    CHECK(window.earliest(1, now) > start + 24h);
}

TEST_CASE("sends from before the window was made count as if they were sent in it") {
    const RateLimit limit("requests", 3, 60s);
    SlidingWindowOptions options;
    options.spread = false;
    SlidingWindow window(limit, options);
    window.restore({start - 50s, 2}, start);
    window.restore({start - 10s, 1}, start);
    CHECK(window.earliest(1, start) == start - 50s + 61'200ms);
    CHECK(window.earliest(3, start) == start - 10s + 61'200ms);
    CHECK(window.sent_in(0).value().amount == 2);
    CHECK(window.take(1, start + 20s) == 2);
    CHECK(window.sent_in(2).value().amount == 1);
    CHECK(window.sent_in(2).value().last == start + 20s);
    CHECK_FALSE(window.sent_in(0));  // forgotten
}

TEST_CASE("sends under a larger limit hold nothing back for more than a window") {
    SlidingWindow window(RateLimit("requests", 10, 60s));
    for (int second = 60; second > 0; --second) window.restore({start - std::chrono::seconds(second), 50}, start);
    const TimePoint when = window.earliest(1, start);
    CHECK(when > start + 58s);
    CHECK(when <= start + 62s);
}

TEST_CASE("a moment shows its amount after each change") {
    SlidingWindow window(RateLimit("tokens", 1000, 60s));
    const SlidingWindow::Moment first = window.take(100, start);
    CHECK(window.settle(first, 100, 40, start + 5s) == first);
    CHECK(window.sent_in(first).value().amount == 40);
    const SlidingWindow::Moment more = window.settle(first, 40, 90, start + 10s);
    CHECK(more != first);
    CHECK(window.sent_in(more).value().amount == 50);
    CHECK(window.sent_in(more).value().last == start + 10s);
}
