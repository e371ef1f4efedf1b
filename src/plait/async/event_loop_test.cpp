#include "plait/async/event_loop.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<void> write_down(std::string& order, char name) {
    order.push_back(name);
    co_await yield();
    order.push_back(name);
}

class Arrival final : public RemoteCall {
  public:
    void arrive() noexcept override {
        order_.push_back(name_);
        if (--left_ == 0) all_.set();
    }
    Arrival(std::vector<int>& order, int& left, Event& all, int name)
        : order_(order), left_(left), all_(all), name_(name) {}

  private:
    std::vector<int>& order_;
    int& left_;
    Event& all_;
    int name_;
};

/// Posts itself again and again, a second later each time, until it is stopped.
class Echo final : public RemoteCall {
  public:
    Echo(LoopHandle loop, testing::JumpingClock& clock) : loop_(std::move(loop)), clock_(clock) {}
    void begin() { CHECK(loop_.post(*this)); }
    void stop() { stopped_ = true; }
    int arrived() const { return arrived_; }
    void arrive() noexcept override {
        clock_.advance(1s);
        if (++arrived_ < 1'000 && !stopped_) loop_.post(*this);
    }

  private:
    LoopHandle loop_;
    testing::JumpingClock& clock_;
    int arrived_ = 0;
    bool stopped_ = false;
};

class TextRecorder final : public trace::Recorder {
  public:
    void record(const trace::TaskEvent& event) noexcept override {
        text_ += std::to_string((event.when - TimePoint{}).count()) + " " + std::to_string(event.task) + " ";
        text_ += trace::to_string(event.state);
        if (event.state == trace::TaskState::waiting)
            text_ += std::string(" for ") + std::string(trace::to_string(event.wait));
        if (event.name) text_ += std::string(" ") + event.name;
        text_ += '\n';
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

Task<void> sleep_twice(Duration duration) {
    co_await sleep_for(duration);
    co_await sleep_for(duration);
}

Task<void> sleep_many(int count) {
    TaskGroup group;
    for (int i = 0; i < count; ++i) group.start(sleep_twice(std::chrono::milliseconds((i * 7919) % 1000)));
    co_await group.join();
}

/// Records when the first wait for a descriptor ended.
class WaitRecorder final : public trace::Recorder {
  public:
    void record(const trace::TaskEvent& event) noexcept override {
        if (event.wait == trace::Wait::readable) waits = true;
        if (event.state == trace::TaskState::ready && waits && !ended) ended = event.when;
    }
    bool waits = false;
    std::optional<TimePoint> ended;
};

/// By the kernel's clock, not by the loop's.
Task<void> wait_for_a_kernel_timer(std::chrono::milliseconds duration) {
    Descriptor timer(UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)));
    itimerspec when{};
    when.it_value.tv_nsec = std::chrono::nanoseconds(duration).count();
    REQUIRE(::timerfd_settime(timer.fd(), 0, &when, nullptr) == 0);
    co_await timer.readable();
}

std::string trace_of(int sleepers) {
    testing::JumpingClock clock;
    TextRecorder recorder;
    EventLoopOptions options;
    options.clock = &clock;
    options.recorder = &recorder;
    EventLoop(options).run(sleep_many(sleepers));
    return recorder.text();
}

}  // namespace

TEST_CASE("ready tasks run in the order in which they became ready") {
    std::string order;
    EventLoop loop;
    auto main = [](std::string& written) -> Task<void> {
        TaskGroup group;
        for (char name : {'a', 'b', 'c'}) group.start(write_down, std::ref(written), name);
        co_await group.join();
    };
    loop.run(main(order));
    CHECK(order == "abcabc");
}

ASYNC_TEST("the statistics count both lists, the timers and the switches") {
    Event never;
    auto wait_for = [](Event& event) -> Task<void> { co_await event.wait(); };
    TaskGroup group;
    group.start(wait_for, std::ref(never));
    group.start(sleep_twice(1h));
    CHECK(EventLoop::current_statistics().ready == 2);
    co_await testing::others_wait();
    const LoopStatistics statistics = EventLoop::current_statistics();
    CHECK(statistics.ready == 0);
    CHECK(statistics.waiting == 2);
    CHECK(statistics.timers == 1);
    CHECK(statistics.started == 3);
    CHECK(statistics.switches >= 4);
    never.set();
    CHECK(EventLoop::current_statistics().ready == 1);
    CHECK(EventLoop::current_statistics().waiting == 1);
    co_await group.join();
}

TEST_CASE("the longest run shows a task that kept the loop") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    auto busy = [](testing::JumpingClock& time) -> Task<void> {
        co_await yield();
        time.advance(80ms);
    };
    loop.run(busy(clock));
    CHECK(loop.statistics().longest_run == 80ms);
}

TEST_CASE("after a suspension, what arrived meanwhile passes through every task on its way before a timer fires") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    auto pass_on = [](Descriptor& from, Event& to) -> Task<void> {
        co_await from.readable();
        co_await yield();
        to.set();
    };
    auto stand_still = [](int fd, testing::JumpingClock& time) -> Task<void> {
        const std::uint64_t one = 1;
        REQUIRE(::write(fd, &one, sizeof one) == sizeof one);
        time.advance(1h);
        co_return;
    };
    auto main = [&](testing::JumpingClock& time) -> Task<void> {
        Descriptor source(UniqueFd(::eventfd(0, EFD_CLOEXEC)));
        Event first, second, third;
        TaskGroup group;
        group.start(pass_on(source, first));
        auto relay = [](Event& from, Event& to) -> Task<void> {
            co_await from.wait();
            to.set();
        };
        group.start(relay(first, second));
        group.start(relay(second, third));
        co_await testing::others_wait();
        group.start(stand_still(source.fd(), time));
        CHECK(co_await within(1s, third.wait()));
        CHECK_FALSE(co_await within(1s, Event().wait()));
        co_await group.join();
    };
    loop.run(main(clock));
}

TEST_CASE("all ready descriptors are handled before a timer fires, even if the kernel reports them in batches") {
    constexpr int count = 600;
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    int in_time = 0;
    auto wait = [](Descriptor& source, int& ended_in_time) -> Task<void> {
        ended_in_time += co_await within(10ms, source.readable()) ? 1 : 0;
    };
    auto main = [&](testing::JumpingClock& time) -> Task<void> {
        std::deque<Descriptor> sources;
        TaskGroup group;
        for (int n = 0; n < count; ++n) {
            sources.emplace_back(UniqueFd(::eventfd(0, EFD_CLOEXEC)));
            group.start(wait(sources.back(), in_time));
        }
        co_await yield();
        const std::uint64_t one = 1;
        for (Descriptor& source : sources) REQUIRE(::write(source.fd(), &one, sizeof one) == sizeof one);
        time.advance(20ms);  // late, but not so late that the loop would look twice
        co_await group.join();
    };
    loop.run(main(clock));
    CHECK(in_time == count);
}

TEST_CASE("time-outs fire even in a loop that is always busy") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    auto busy = [](testing::JumpingClock& time, const bool& done) -> Task<void> {
        for (int n = 0; n < 10'000 && !done; ++n) {
            time.advance(1ms);
            co_await yield();
        }
        CHECK(done);
    };
    auto main = [&](testing::JumpingClock& time) -> Task<void> {
        bool done = false;
        TaskGroup group;
        group.start(busy(time, done));
        const TimePoint start = now();
        CHECK_FALSE(co_await within(1s, Event().wait()));
        CHECK(now() - start <= 1300ms);
        done = true;
        co_await group.join();
    };
    loop.run(main(clock));
}

TEST_CASE("the statistics show the share of its time a loop was busy") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    auto work = [](testing::JumpingClock& time) -> Task<void> {
        co_await sleep_for(3s);
        time.advance(2s);
        CHECK(EventLoop::current_statistics().waited == EventLoop::current_statistics().ran + 1s);
    };
    CHECK(loop.statistics().busy_share() == 0);
    loop.run(work(clock));
    CHECK(loop.statistics().ran == 2s);
    CHECK(loop.statistics().waited == 3s);
    CHECK(loop.statistics().busy_share() == doctest::Approx(0.4));
    clock.advance(1h);  // between two runs there is no loop to be busy
    auto again = [](testing::JumpingClock& time) -> Task<void> {
        time.advance(5s);
        co_return;
    };
    loop.run(again(clock));
    CHECK(loop.statistics().busy_share() == doctest::Approx(0.7));
}

TEST_CASE("calls from other threads arrive on the loop's thread, each thread's in its order") {
    constexpr int threads = 4, calls = 200;
    std::vector<int> order;
    int left = threads * calls;
    auto main = [](std::vector<int>& arrived, int& count) -> Task<void> {
        Event all;
        OutsideWork work;
        std::vector<std::unique_ptr<Arrival>> arrivals;
        for (int i = 0; i < threads * calls; ++i) arrivals.push_back(std::make_unique<Arrival>(arrived, count, all, i));
        std::vector<std::jthread> senders;
        for (int t = 0; t < threads; ++t) {
            senders.emplace_back([&, t, loop = EventLoop::current_handle()] {
                for (int i = 0; i < calls; ++i) CHECK(loop.post(*arrivals[static_cast<std::size_t>(t * calls + i)]));
            });
        }
        co_await all.wait();
    };
    run(main(order, left));
    REQUIRE(order.size() == threads * calls);
    std::vector<int> last(threads, -1);
    for (int name : order) {
        CHECK(name > last[static_cast<std::size_t>(name / calls)]);
        last[static_cast<std::size_t>(name / calls)] = name;
    }
}

TEST_CASE("an endless stream of calls does not hold up a timer") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    Echo echo(loop.handle(), clock);
    auto main = [](Echo& calls) -> Task<void> {
        calls.begin();
        co_await sleep_for(10s);
        calls.stop();
        co_await sleep_for(1s);
    };
    loop.run(main(echo));
    CHECK(echo.arrived() < 20);
}

TEST_CASE("a call to a loop that has ended is refused") {
    std::vector<int> order;
    int left = 1;
    Event all;
    Arrival arrival(order, left, all, 0);
    auto handle = EventLoop().handle();
    CHECK_FALSE(handle.post(arrival));
    CHECK(order.empty());
}

TEST_CASE("a recorder sees each change of state, with the wait's reason") {
    const std::string text = trace_of(1);
    const char* const states[] = {"1 created main",      "1 ready",   "1 running",          "2 created", "2 ready",
                                  "1 waiting for tasks", "2 running", "2 waiting for time", "2 ready",   "2 running",
                                  "2 waiting for time",  "2 ready",   "2 running",          "2 done",    "1 ready",
                                  "1 running",           "1 done"};
    std::size_t position = 0;
    for (const char* state : states) {
        position = text.find(state, position);
        CAPTURE(state);
        REQUIRE(position != std::string::npos);
    }
}

TEST_CASE("the time that the loop sleeps counts for the wait that ends the sleep") {
    WaitRecorder recorder;
    EventLoopOptions options;
    options.recorder = &recorder;
    const TimePoint before = SteadyClock::instance().now();
    EventLoop(options).run(wait_for_a_kernel_timer(5ms));
    REQUIRE(recorder.ended);
    CHECK(*recorder.ended - before >= 5ms);
}

TEST_CASE("two runs with a jumping clock leave the same trace") { CHECK(trace_of(500) == trace_of(500)); }

TEST_CASE("a hundred thousand sleeps of up to a second pass without waiting") {
    testing::JumpingClock clock;
    const TimePoint start = clock.now();
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    loop.run(sleep_many(50'000));
    CHECK(clock.now() - start == 2 * 999ms);
    CHECK(loop.statistics().timers == 0);
}

TEST_CASE("long waits share wake-ups when slack is allowed") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    options.timer_slack = 1ms;
    auto main = [](testing::JumpingClock& time) -> Task<void> {
        const TimePoint start = time.now();
        co_await sleep_for(50ms + 1us);
        CHECK(time.now() - start == 50ms + 1us);  // a short wait is exact
        const TimePoint then = time.now();
        co_await sleep_for(200ms + 1us);
        CHECK(time.now() - then >= 200ms + 1us);
        CHECK(time.now() - then <= 201ms + 1us);
        CHECK(time.now().time_since_epoch() % 1ms == 0ms);
    };
    EventLoop(options).run(main(clock));
}

TEST_CASE("a jumping clock waits for work outside the loop") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    auto main = [](testing::JumpingClock& time) -> Task<void> {
        const TimePoint start = time.now();
        std::vector<int> order;
        int left = 1;
        Event arrived;
        Arrival arrival(order, left, arrived, 0);
        TaskGroup group;
        group.start(sleep_twice(1h));
        {
            OutsideWork work;
            std::jthread sender([&, loop = EventLoop::current_handle()] { loop.post(arrival); });
            co_await arrived.wait();
            CHECK(time.now() == start);
        }
        co_await group.join();
        CHECK(time.now() - start == 2h);
    };
    EventLoop(options).run(main(clock));
}

TEST_CASE("an error in a nested loop leaves the outer loop running") {
    auto fail = []() -> Task<void> {
        co_await yield();
        throw std::runtime_error("no bread");
    };
    auto main = [](auto inner) -> Task<int> {
        CHECK_THROWS_AS(run(inner()), std::runtime_error);
        co_await sleep_for(1us);
        co_return 1;
    };
    CHECK(run(main(fail)) == 1);
}

TEST_CASE("a seed shuffles the ready tasks, the same way each time") {
    const auto order_with = [](std::uint64_t seed) {
        std::string order;
        EventLoopOptions options;
        options.shuffle_seed = seed;
        auto main = [](std::string& written) -> Task<void> {
            TaskGroup group;
            for (char name = 'a'; name <= 'z'; ++name) group.start(write_down, std::ref(written), name);
            co_await group.join();
        };
        EventLoop(options).run(main(order));
        return order;
    };
    CHECK(order_with(1) != order_with(0));
    CHECK(order_with(1) == order_with(1));
    CHECK(order_with(1) != order_with(2));
}
