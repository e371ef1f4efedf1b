#include "plait/batch/run/read_ahead.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <deque>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

/// Looks after calls until it is ended.
class Watch {
  public:
    explicit Watch(ReadAhead& ahead) { watching_.start(ahead.watch()); }
    Task<void> end() {
        watching_.cancel();
        co_await watching_.join();
    }

  private:
    TaskGroup watching_;
};

/// Calls that were read: those that wait to leave, and those that have left, each with a place.
class Calls {
  public:
    explicit Calls(std::size_t slots_, std::size_t most = 1000)
        : places(slots_), ahead(most, [this] { return places.available(); }) {}

    Task<void> read(std::size_t count) {
        while (count-- > 0) waiting.push_back(co_await ahead.acquire());
    }

    /// Reads as many as it may before `time` has passed.
    Task<std::size_t> read_within(Duration time) {
        const std::size_t before = waiting.size();
        co_await within(time, read(1'000'000));
        co_return waiting.size() - before;
    }

    void leave() {
        left.emplace_back(std::move(waiting.front()), places.try_acquire().value());
        left.back().first.left();
        waiting.pop_front();
    }

    void end() { left.pop_front(); }

    Semaphore places;
    ReadAhead ahead;
    std::deque<ReadAhead::Permit> waiting;
    std::deque<std::pair<ReadAhead::Permit, Semaphore::Permit>> left;  ///< the place is given back first
};

}  // namespace

ASYNC_TEST("as long as calls leave, no more are read than can leave") {
    Calls calls(3);
    Watch watch(calls.ahead);
    CHECK(co_await calls.read_within(1ms) == 3);
    for (int i = 0; i < 3; ++i) calls.leave();
    CHECK(co_await calls.read_within(1ms) == 0);
    for (int i = 0; i < 1000; ++i) {
        calls.end();
        CHECK(co_await calls.read_within(1us) == 1);
        calls.leave();
    }
    co_await watch.end();
}

ASYNC_TEST("where many can leave, a few are read ahead") {
    Calls calls(500);
    CHECK(co_await calls.read_within(1ms) == ReadAhead::usual);
    calls.leave();
    CHECK(co_await calls.read_within(1ms) == 1);
}

ASYNC_TEST("while calls leave others are read, although none ends") {
    Calls calls(500);
    TaskGroup reader;
    reader.start(calls.read(500));
    const TimePoint begin = now();
    while (calls.left.size() < 500) {
        co_await yield();
        while (!calls.waiting.empty()) calls.leave();
    }
    CHECK(now() == begin);
    co_await reader.join();
}

ASYNC_TEST("where calls differ in urgency there is a choice, even if none can leave") {
    Calls calls(1);
    CHECK(co_await calls.read_within(1ms) == 1);
    calls.leave();
    calls.ahead.keep_a_choice();
    CHECK(co_await calls.read_within(1ms) == ReadAhead::usual);
}

ASYNC_TEST("when none leaves more are read, portion by portion, and no more than there may be") {
    Calls calls(1);
    Watch watch(calls.ahead);
    const TimePoint begin = now();
    co_await calls.read(1000);
    CHECK(now() - begin >= 900 / ReadAhead::usual * ReadAhead::patience);
    CHECK(now() - begin <= 2 * (1000 / ReadAhead::usual + 1) * ReadAhead::patience);
    CHECK(co_await calls.read_within(1h) == 0);
    // Room comes back as they leave.
    calls.leave();
    CHECK(co_await calls.read_within(1h) == 1);
    co_await watch.end();
}

ASYNC_TEST("calls that keep no place while they wait for a repeat let others be read") {
    Calls calls(2);
    Watch watch(calls.ahead);
    co_await calls.read(2);
    std::vector<ReadAhead::Permit> backing_off;
    while (!calls.waiting.empty()) {
        calls.leave();
        backing_off.push_back(std::move(calls.left.front().first));
        calls.end();
    }
    CHECK(co_await calls.read_within(ReadAhead::patience) >= 2);
    co_await watch.end();
}

ASYNC_TEST("a place that comes back with nobody's end is found, although somebody left just before") {
    Calls calls(1);
    Watch watch(calls.ahead);
    TaskGroup reader;
    reader.start(calls.read(2));
    co_await yield();
    co_await sleep_for(ReadAhead::patience / 2);
    calls.leave();
    const ReadAhead::Permit backing_off = std::move(calls.left.front().first);
    calls.end();
    co_await sleep_for(2 * ReadAhead::patience);
    CHECK(calls.waiting.size() == 1);
    co_await reader.join();
    co_await watch.end();
}

ASYNC_TEST("a few may be all that may be read ahead") {
    Calls calls(100, 2);
    Watch watch(calls.ahead);
    CHECK(co_await calls.read_within(1h) == 2);
    calls.leave();
    CHECK(co_await calls.read_within(1h) == 1);
    co_await watch.end();
}

ASYNC_TEST("as long as calls leave, somebody looks after them ten times a second, and often when they stand still") {
    Calls calls(1);
    Watch watch(calls.ahead);
    TaskGroup reader;
    reader.start(calls.read(10'000));
    const auto pass = [&calls](Duration time) -> Task<void> {
        for (const TimePoint end = now() + time; now() < end; co_await sleep_for(5ms)) {
            while (calls.waiting.empty()) co_await yield();
            calls.leave();
            calls.end();
        }
    };
    co_await pass(1s);
    // Of 200 calls a second each takes a turn of the reader and one of this task.
    const auto before = EventLoop::current_statistics().switches;
    co_await pass(1s);
    CHECK(EventLoop::current_statistics().switches - before <= 2 * 200 + 20);
    const std::size_t waiting = calls.waiting.size();
    co_await sleep_for(2 * ReadAhead::calm_patience);
    CHECK(calls.waiting.size() >= waiting + ReadAhead::usual);
    const std::size_t still = calls.waiting.size();
    co_await sleep_for(10 * ReadAhead::patience);
    CHECK(calls.waiting.size() >= still + 4 * ReadAhead::usual);
    reader.cancel();
    co_await reader.join();
    co_await watch.end();
}

ASYNC_TEST("calls that are answered together, and slowly, are soon not taken to stand still") {
    for (const Duration latency : {20ms, 150ms}) {
        Calls calls(8);
        Watch watch(calls.ahead);
        TaskGroup reader;
        reader.start(calls.read(10'000));
        const auto pass_round = [&]() -> Task<void> {
            co_await sleep_for(latency);
            while (!calls.left.empty()) calls.end();
            while (calls.places.available() > 0) {
                while (calls.waiting.empty()) co_await yield();
                calls.leave();
            }
        };
        // What was read at first, when none left, has to leave, too.
        for (int round = 0; round < 150; ++round) co_await pass_round();
        for (int round = 0; round < 20; ++round) {
            co_await pass_round();
            CHECK(calls.waiting.empty());
        }
        reader.cancel();
        co_await reader.join();
        co_await watch.end();
    }
}

ASYNC_TEST("nothing ticks while nothing more may be read") {
    Calls calls(1, 2);
    Watch watch(calls.ahead);
    co_await calls.read(2);
    TaskGroup reader;
    reader.start(calls.read(1));
    co_await sleep_for(1s);
    const auto switches_before = EventLoop::current_statistics().switches;
    co_await sleep_for(1h);
    CHECK(EventLoop::current_statistics().switches - switches_before < 10);
    reader.cancel();
    co_await reader.join();
    co_await watch.end();
}
