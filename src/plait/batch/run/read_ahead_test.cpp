#include "plait/batch/run/read_ahead.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/event_loop.hpp"
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

/// Probes until it is ended.
class Probes {
  public:
    explicit Probes(ReadAhead& ahead) { probing_.start(ahead.probe()); }
    Task<void> end() {
        probing_.cancel();
        co_await probing_.join();
    }

  private:
    TaskGroup probing_;
};

/// Calls that were read: those not sent yet, and those in flight, each in a slot.
class Calls {
  public:
    explicit Calls(std::size_t slots_, std::size_t most = 1000)
        : slots(slots_),
          ahead(
              most, [this] { return slots.available(); }, [this] { return in_flight.size() + backing_off.size(); }) {}

    Task<void> read(std::size_t count) {
        while (count-- > 0) waiting.push_back(co_await ahead.acquire());
    }

    /// Reads as many as it may before `time` has passed.
    Task<std::size_t> read_within(Duration time) {
        const std::size_t before = waiting.size();
        co_await within(time, read(1'000'000));
        co_return waiting.size() - before;
    }

    void send() {
        in_flight.emplace_back(std::move(waiting.front()), slots.try_acquire().value());
        waiting.pop_front();
        ahead.call_sent();
    }

    void end() {
        const auto ended = std::move(in_flight.front());
        in_flight.pop_front();
    }

    /// The call waits for a retry, and gives its slot back.
    void back_off() {
        backing_off.push_back(std::move(in_flight.front().first));
        in_flight.pop_front();
    }

    Semaphore slots;
    ReadAhead ahead;
    std::deque<ReadAhead::Permit> waiting;
    std::deque<std::pair<ReadAhead::Permit, Semaphore::Permit>> in_flight;  ///< the slot is given back first
    std::vector<ReadAhead::Permit> backing_off;
};

}  // namespace

ASYNC_TEST("while calls are sent, no more are read than can be sent") {
    Calls calls(3);
    Probes probes(calls.ahead);
    CHECK(co_await calls.read_within(1ms) == 3);
    for (int i = 0; i < 3; ++i) calls.send();
    CHECK(co_await calls.read_within(1ms) == 0);
    for (int i = 0; i < 1000; ++i) {
        calls.end();
        CHECK(co_await calls.read_within(1us) == 1);
        calls.send();
    }
    co_await probes.end();
}

ASYNC_TEST("where many can be sent, a few are read ahead") {
    Calls calls(500);
    CHECK(co_await calls.read_within(1ms) == ReadAhead::base_depth);
    calls.send();
    CHECK(co_await calls.read_within(1ms) == 1);
}

ASYNC_TEST("while calls are sent, others are read although none ends") {
    Calls calls(500);
    TaskGroup reader;
    reader.start(calls.read(500));
    const TimePoint begin = now();
    while (calls.in_flight.size() < 500) {
        co_await yield();
        while (!calls.waiting.empty()) calls.send();
    }
    CHECK(now() == begin);
    co_await reader.join();
}

ASYNC_TEST("where calls have priorities, some are read even if none can be sent") {
    Calls calls(1);
    CHECK(co_await calls.read_within(1ms) == 1);
    calls.send();
    calls.ahead.keep_a_choice();
    CHECK(co_await calls.read_within(1ms) == ReadAhead::base_depth);
}

ASYNC_TEST("when none is sent, more are read step by step, up to the limit") {
    Calls calls(1);
    Probes probes(calls.ahead);
    const TimePoint begin = now();
    co_await calls.read(1000);
    CHECK(now() - begin >= 900 / ReadAhead::base_depth * ReadAhead::probe_delay);
    CHECK(now() - begin <= 2 * (1000 / ReadAhead::base_depth + 1) * ReadAhead::probe_delay);
    CHECK(co_await calls.read_within(1h) == 0);
    // Room comes back as they are sent.
    calls.send();
    CHECK(co_await calls.read_within(1h) == 1);
    co_await probes.end();
}

ASYNC_TEST("calls that wait for a retry hold no slot and let others be read") {
    Calls calls(2);
    Probes probes(calls.ahead);
    co_await calls.read(2);
    while (!calls.waiting.empty()) {
        calls.send();
        calls.back_off();
    }
    CHECK(co_await calls.read_within(ReadAhead::probe_delay) >= 2);
    co_await probes.end();
}

ASYNC_TEST("a slot that comes back without the end of a call is found, even just after a send") {
    Calls calls(1);
    Probes probes(calls.ahead);
    TaskGroup reader;
    reader.start(calls.read(2));
    co_await yield();
    co_await sleep_for(ReadAhead::probe_delay / 2);
    calls.send();
    calls.back_off();
    co_await sleep_for(2 * ReadAhead::probe_delay);
    CHECK(calls.waiting.size() == 1);
    co_await reader.join();
    co_await probes.end();
}

ASYNC_TEST("the limit may be below the base depth") {
    Calls calls(100, 2);
    Probes probes(calls.ahead);
    CHECK(co_await calls.read_within(1h) == 2);
    calls.send();
    CHECK(co_await calls.read_within(1h) == 1);
    co_await probes.end();
}

ASYNC_TEST("while calls are sent, a probe looks ten times a second, and more often when they stall") {
    Calls calls(1);
    Probes probes(calls.ahead);
    TaskGroup reader;
    reader.start(calls.read(10'000));
    const auto pass = [&calls](Duration time) -> Task<void> {
        for (const TimePoint end = now() + time; now() < end; co_await sleep_for(5ms)) {
            while (calls.waiting.empty()) co_await yield();
            calls.send();
            calls.end();
        }
    };
    co_await pass(1s);
    // There are 200 calls a second. Each takes a turn of the reader and one of this task.
    const auto before = EventLoop::current_statistics().switches;
    co_await pass(1s);
    CHECK(EventLoop::current_statistics().switches - before <= 2 * 200 + 20);
    const std::size_t waiting = calls.waiting.size();
    co_await sleep_for(2 * ReadAhead::settled_probe_delay);
    CHECK(calls.waiting.size() >= waiting + ReadAhead::base_depth);
    const std::size_t still = calls.waiting.size();
    co_await sleep_for(10 * ReadAhead::probe_delay);
    CHECK(calls.waiting.size() >= still + 4 * ReadAhead::base_depth);
    reader.cancel();
    co_await reader.join();
    co_await probes.end();
}

ASYNC_TEST("calls that are answered together, and slowly, soon do not count as stalled") {
    for (const Duration latency : {20ms, 150ms}) {
        Calls calls(8);
        Probes probes(calls.ahead);
        TaskGroup reader;
        reader.start(calls.read(10'000));
        const auto pass_round = [&]() -> Task<void> {
            co_await sleep_for(latency);
            while (!calls.in_flight.empty()) calls.end();
            while (calls.slots.available() > 0) {
                while (calls.waiting.empty()) co_await yield();
                calls.send();
            }
        };
        // What was read at first, when none was sent, has to be sent, too.
        for (int round = 0; round < 150; ++round) co_await pass_round();
        for (int round = 0; round < 20; ++round) {
            co_await pass_round();
            CHECK(calls.waiting.empty());
        }
        reader.cancel();
        co_await reader.join();
        co_await probes.end();
    }
}

ASYNC_TEST("no timer runs while nothing more may be read") {
    Calls calls(1, 2);
    Probes probes(calls.ahead);
    co_await calls.read(2);
    TaskGroup reader;
    reader.start(calls.read(1));
    co_await sleep_for(1s);
    const auto switches_before = EventLoop::current_statistics().switches;
    co_await sleep_for(1h);
    CHECK(EventLoop::current_statistics().switches - switches_before < 10);
    reader.cancel();
    co_await reader.join();
    co_await probes.end();
}
