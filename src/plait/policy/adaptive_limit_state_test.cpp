#include "plait/policy/adaptive_limit_state.hpp"

#include "plait/base/random.hpp"
#include "plait/testing/seeds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

// ---- latencies, in milliseconds

using Latency = std::function<double(Random&)>;

Latency always(double length) {
    return [=](Random&) { return length; };
}
Latency exponential(double mean) {
    return [=](Random& random) { return -mean * std::log(1 - draw(random)); };
}
/// Like those of many servers: around `mean`, with a long tail.
Latency lognormal(double mean, double sigma) {
    return [=](Random& random) {
        const double normal = std::sqrt(-2 * std::log(1 - draw(random))) * std::cos(2 * M_PI * draw(random));
        return mean * std::exp(sigma * normal - sigma * sigma / 2);
    };
}
/// Like those of language models: any order of magnitude is as likely as any other.
Latency of_any_order(double least, double most) {
    return [=](Random& random) { return least * std::pow(most / least, draw(random)); };
}
Latency one_of(double share, double one, double other) {
    return [=](Random& random) { return draw(random) < share ? one : other; };
}

/// A server: it works on `slots` calls at a time and lets the others wait, in their order; turns away those above
/// `most`, and some by chance; and can change.
struct Server {
    Latency work;
    std::size_t slots = std::numeric_limits<std::size_t>::max();
    std::size_t most = std::numeric_limits<std::size_t>::max();
    double fails = 0;
    Load turned_away = Load::overloaded;
};

/// The outcomes of calls.
struct Tally {
    std::size_t answers = 0;  // in the late part, and in all
    std::size_t all_answers = 0;
    std::size_t refusals = 0;
    double ended = 0;  // when the last call ended
    std::vector<double> latencies;
    double p99() {
        std::sort(latencies.begin(), latencies.end());
        return latencies[latencies.size() * 99 / 100];
    }
};

/// Simulates as many callers as calls may be in flight, without a loop, so that thousands of runs take seconds.
class Simulation {
  public:
    Simulation(Server server, std::uint64_t seed) : server_(std::move(server)), random_(seed) {}

    /// The late part begins at `from`; times in milliseconds. The limit is `state`'s, or `fixed` without one.
    Tally run(AdaptiveLimitState* state, std::size_t fixed, double length, double from,
              std::size_t calls = std::numeric_limits<std::size_t>::max()) {
        state_ = state;
        fixed_ = fixed;
        calls_ = calls;
        begin_calls();
        while (!events_.empty() && events_.top().at <= length) {
            const Event event = events_.top();
            events_.pop();
            now_ = event.at;
            if (changes_at_ <= now_) {
                changes_at_ = std::numeric_limits<double>::infinity();
                server_ = changed_;
            }
            end_call(event, from);
            begin_calls();
        }
        return std::move(tally_);
    }

    void change(double at, Server changed) {
        changes_at_ = at;
        changed_ = std::move(changed);
    }

  private:
    struct Event {
        double at;
        AdaptiveLimitState::Call call;
        double began;
        bool refused;
        bool operator<(const Event& other) const { return at > other.at; }
    };

    TimePoint moment(double at) const { return start + Duration(static_cast<Duration::rep>(at * 1e6)); }

    void begin_calls() {
        while (calls_ > 0 && in_flight_ < (state_ ? state_->limit() : fixed_)) {
            --calls_;
            ++in_flight_;
            const AdaptiveLimitState::Call call =
                state_ ? state_->began(moment(now_)) : AdaptiveLimitState::Call{moment(now_), 0, false};
            if (busy_ + line_.size() >= server_.most || draw(random_) < server_.fails) {
                events_.push({now_ + 0.5, call, now_, true});
            } else {
                line_.emplace_back(call, now_);
                work();
            }
        }
    }

    void work() {
        while (busy_ < server_.slots && !line_.empty()) {
            ++busy_;
            events_.push({now_ + server_.work(random_), line_.front().first, line_.front().second, false});
            line_.pop_front();
        }
    }

    void end_call(const Event& event, double from) {
        --in_flight_;
        if (state_) {
            state_->ended(event.call, event.refused ? server_.turned_away : Load::fine, moment(now_), "status 503");
        }
        if (event.refused) {
            ++tally_.refusals;
            return;
        }
        --busy_;
        ++tally_.all_answers;
        tally_.ended = now_;
        if (now_ >= from) {
            ++tally_.answers;
            tally_.latencies.push_back(now_ - event.began);
        }
        work();
    }

    Server server_, changed_;
    double changes_at_ = std::numeric_limits<double>::infinity();
    Random random_;
    AdaptiveLimitState* state_ = nullptr;
    std::size_t fixed_ = 0;
    std::size_t calls_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t busy_ = 0;
    std::deque<std::pair<AdaptiveLimitState::Call, double>> line_;
    std::priority_queue<Event> events_;
    double now_ = 0;
    Tally tally_;
};

/// Runs `check` with many different seeds.
template <class Check>
void with_seeds(std::uint64_t seeds, Check check) {
    for (std::uint64_t seed = 1; seed <= testing::seeds(seeds); ++seed) {
        CAPTURE(seed);
        check(seed);
    }
}

}  // namespace

TEST_CASE("a queue that the first round shows is noticed, although no more than that round was let go") {
    AdaptiveLimitState state({}, start);
    std::deque<AdaptiveLimitState::Call> calls;
    for (int call = 0; call < 32; ++call) calls.push_back(state.began(start));
    for (int answer = 1; answer <= 32; ++answer) {
        const TimePoint now = start + answer * 5ms;
        state.ended(calls.front(), Load::fine, now);
        calls.pop_front();
        if (calls.size() < 16) calls.push_back(state.began(now));
    }
    CHECK(state.limit() <= 16);
}

TEST_CASE("a look goes below the number of calls that the pace lets go") {
    // One slot of 5 ms. After the first 32 calls, six at a time are let go.
    AdaptiveLimitState state({}, start);
    std::deque<AdaptiveLimitState::Call> calls;
    for (int answer = 0; answer < 200; ++answer) {
        const TimePoint now = start + answer * 5ms;
        if (answer > 0) {
            state.ended(calls.front(), Load::fine, now);
            calls.pop_front();
        }
        const std::size_t most = answer < 1 ? 32 : 6;
        while (calls.size() < std::min(most, state.limit())) calls.push_back(state.began(now));
    }
    CHECK(state.limit() <= 3);
}

TEST_CASE("the limit doubles each round trip of clean answers") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    const Tally tally = Simulation({always(100)}, 1).run(&state, 0, 1e9, 0, 1600);
    CHECK(tally.ended == 500);  // 100, 200, 400, 800, and the last 100
    CHECK(state.limit() == 1000);
    CHECK(state.last_change().value().why == LimitChange::Why::clean);
}

TEST_CASE("a limit that was not reached stays") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    const Tally tally = Simulation({always(100)}, 1).run(&state, 0, 1e9, 0, 31);
    CHECK(tally.ended == 100);
    for (int call = 1; call <= 1000; ++call) {
        const auto begun = state.began(start + call * 1s);
        state.ended(begun, Load::fine, start + call * 1s + 100ms);
    }
    CHECK(state.limit() == 100);
    CHECK_FALSE(state.last_change());
}

TEST_CASE("the limit begins no higher than its upper bound and never leaves its bounds") {
    AdaptiveLimitOptions options;
    options.most = 10;
    AdaptiveLimitState state(options, start);
    CHECK(state.limit() == 10);
    Simulation({always(100)}, 1).run(&state, 0, 10'000, 0);
    CHECK(state.limit() == 10);
    Server down{always(100)};
    down.most = 0;
    AdaptiveLimitState to_a_server_that_is_down(options, start);
    Simulation(down, 1).run(&to_a_server_that_is_down, 0, 10'000, 0);
    CHECK(to_a_server_that_is_down.limit() == 1);
}

TEST_CASE("refusals halve the limit, and calls that began before do not halve it again") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    std::vector<AdaptiveLimitState::Call> calls;
    while (calls.size() < 100) calls.push_back(state.began(start));
    state.ended(calls[0], Load::overloaded, start + 10ms, "status 503");
    CHECK(state.limit() == 100);  // one may be chance
    for (std::size_t call = 1; call < 100; ++call)
        state.ended(calls[call], Load::overloaded, start + 10ms, "status 503");
    CHECK(state.limit() == 50);
    const LimitChange change = state.last_change().value();
    CHECK(change.from == 100);
    CHECK(change.to == 50);
    CHECK(in_words(change) == "status 503");
}

TEST_CASE("refusals leave the limit high enough for a pace, and it rises again at once") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start - 1h);
    for (TimePoint now = start - 1h; now < start; now += 1min) {
        std::vector<AdaptiveLimitState::Call> calls;
        while (calls.size() < state.limit()) calls.push_back(state.began(now));
        for (const auto& call : calls) state.ended(call, Load::refused, now + 10ms, "status 429");
        CHECK(state.limit() >= 8);
    }
    CHECK(state.limit() == 8);
    Simulation({always(100)}, 1).run(&state, 0, 3000, 0, 10'000);
    CHECK(state.limit() >= 16);
}

TEST_CASE("when some calls fail, the limit becomes the number that was accepted") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    std::vector<AdaptiveLimitState::Call> calls;
    while (calls.size() < 100) calls.push_back(state.began(start));
    for (std::size_t call = 0; call < 30; ++call) state.ended(calls[call], Load::overloaded, start + 10ms, "connect");
    for (std::size_t call = 30; call < 100; ++call) state.ended(calls[call], Load::fine, start + 100ms);
    CHECK(state.limit() == 70);
    CHECK(in_words(state.last_change().value()) == "70 were accepted: connect");
}

TEST_CASE("calls that ended for reasons of their own do not change the limit") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    for (int call = 0; call < 1000; ++call) {
        const auto begun = state.began(start);
        state.ended(begun, Load::unknown, start + 1h);
    }
    CHECK(state.limit() == 100);
    CHECK(state.in_flight() == 0);
}

namespace {

struct Kneed {
    const char* name;
    Server server;
    double unloaded_p99;
    std::size_t best;  // concurrency
};

}  // namespace

TEST_CASE("a server that queues calls is kept busy, and no call waits long") {
    const Kneed servers[] = {
        {"16 slots of 20 ms", {always(20), 16}, 20, 16},
        {"one slot of 5 ms", {always(5), 1}, 5, 1},
        {"64 slots of about 100 ms", {lognormal(100, 0.5), 64}, 283, 64},
        {"64 slots, quite even", {lognormal(100, 0.2), 64}, 156, 64},
        {"16 slots of any time", {exponential(40), 16}, 184, 16},
    };
    for (const Kneed& kneed : servers) {
        CAPTURE(kneed.name);
        double answers = 0;
        constexpr int seeds = 5;
        with_seeds(seeds, [&](std::uint64_t seed) {
            AdaptiveLimitState state(AdaptiveLimitOptions(), start);
            Tally found = Simulation(kneed.server, seed).run(&state, 0, 10'000, 2000);
            Tally best = Simulation(kneed.server, seed).run(nullptr, 2 * kneed.best, 10'000, 2000);
            answers += static_cast<double>(found.answers) / static_cast<double>(best.answers);
            CHECK(found.answers >= best.answers * 88 / 100);
            CHECK(found.p99() <= 3 * kneed.unloaded_p99);
        });
        CHECK(answers / static_cast<double>(testing::seeds(seeds)) >= 0.95);
    }
}

TEST_CASE("a server that turns connections away is used as far as it accepts them") {
    Server server{lognormal(50, 0.3)};
    server.most = 128;
    with_seeds(5, [&](std::uint64_t seed) {
        AdaptiveLimitState state(AdaptiveLimitOptions(), start);
        const Tally found = Simulation(server, seed).run(&state, 0, 20'000, 2000);
        const Tally best = Simulation(server, seed).run(nullptr, 128, 20'000, 2000);
        CHECK(found.answers >= best.answers * 95 / 100);
        CHECK(found.refusals <= 300);  // of 50,000
    });
}

TEST_CASE("a server that refuses calls above a number is seldom sent more") {
    Server server{lognormal(200, 0.1)};
    server.most = 10;
    server.turned_away = Load::refused;
    with_seeds(20, [&](std::uint64_t seed) {
        AdaptiveLimitState state(AdaptiveLimitOptions(), start);
        const Tally found = Simulation(server, seed).run(&state, 0, 80'000, 10'000);
        const Tally best = Simulation(server, seed).run(nullptr, 10, 80'000, 10'000);
        CHECK(found.answers >= best.answers * 93 / 100);
        CHECK(found.refusals <= 250);  // of 4,000
    });
}

TEST_CASE("noise in the latencies does not end the climb") {
    const std::pair<const char*, Latency> servers[] = {
        {"even", lognormal(100, 0.1)},
        {"usual", lognormal(100, 0.5)},
        {"long tail", lognormal(100, 1)},
        {"exponential", exponential(100)},
        {"language model", of_any_order(50, 20'000)},
        {"half from a cache", one_of(0.5, 5, 500)},
        {"a quarter from a cache", one_of(0.25, 5, 500)},
        {"most from a cache", one_of(0.9, 5, 500)},
    };
    for (const auto& [name, latency] : servers) {
        CAPTURE(name);
        int whole = 0;
        with_seeds(20, [&](std::uint64_t seed) {
            AdaptiveLimitState state(AdaptiveLimitOptions(), start);
            Simulation({latency}, seed).run(&state, 0, 1e9, 0, 4000);
            whole += state.limit() > 700;
            CHECK(state.limit() >= 100);
        });
        CHECK(whole >= 19);
    }
}

TEST_CASE("random failures do not end the climb") {
    Server server{lognormal(100, 0.5)};
    server.fails = 0.01;
    with_seeds(5, [&](std::uint64_t seed) {
        AdaptiveLimitState state(AdaptiveLimitOptions(), start);
        Simulation(server, seed).run(&state, 0, 1e9, 0, 10'000);
        CHECK(state.limit() >= 200);
    });
}

TEST_CASE("a server that fails half of the calls at random is not taken for one that is overloaded") {
    for (const double fails : {0.1, 0.4, 0.6}) {
        CAPTURE(fails);
        for (const Latency& latency : {always(100), lognormal(100, 0.5), always(5)}) {
            Server server{latency};
            server.fails = fails;
            with_seeds(10, [&](std::uint64_t seed) {
                AdaptiveLimitState state(AdaptiveLimitOptions(), start);
                const Tally found = Simulation(server, seed).run(&state, 0, 1e9, 0, 4000);
                const Tally fixed = Simulation(server, seed).run(nullptr, 100, 1e9, 0, 4000);
                CHECK(found.ended <= 4 * fixed.ended);
                CHECK(state.limit() >= 50);
            });
        }
    }
}

TEST_CASE("the limit follows a server that becomes larger, smaller or slower") {
    const std::pair<Server, Server> changes[] = {
        {{always(20), 16}, {always(20), 128}},
        {{always(20), 128}, {always(20), 16}},
        {{lognormal(100, 0.5), 64}, {lognormal(200, 0.5), 64}},
        {{lognormal(100, 0.5)}, {lognormal(200, 0.5)}},
        {{always(100)}, {always(200)}},
    };
    for (const auto& [before, after] : changes) {
        with_seeds(3, [&, &server = after, &first = before](std::uint64_t seed) {
            AdaptiveLimitState state(AdaptiveLimitOptions(), start);
            Simulation changing(first, seed);
            changing.change(5000, server);
            Tally found = changing.run(&state, 0, 15'000, 10'000);
            const std::size_t best_limit = std::min<std::size_t>(2 * server.slots, 1000);
            Tally best = Simulation(server, seed).run(nullptr, best_limit, 15'000, 10'000);
            CHECK(found.answers >= best.answers * 85 / 100);
            CHECK(found.p99() <= 3 * best.p99());
        });
    }
}

TEST_CASE("waits shorter than a turn of the loop do not lower the limit") {
    AdaptiveLimitState state(AdaptiveLimitOptions(), start);
    Simulation({always(0.03), 1}, 1).run(&state, 0, 1000, 0);
    CHECK(state.limit() >= 8);
    CHECK(state.limit() <= 25);
}
