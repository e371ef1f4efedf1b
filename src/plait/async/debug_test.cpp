#include "plait/async/debug.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/dump.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/async/task_name.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;
using testing::JumpingClock;

namespace {

/// A loop in debug mode, and its warnings.
class DebuggedLoop {
  public:
    explicit DebuggedLoop(trace::Recorder* recorder = nullptr) {
        debug.warn = [this](std::string_view line) { warnings.emplace_back(line); };
        EventLoopOptions options;
        options.clock = &clock;
        options.recorder = recorder;
        options.debug = &debug;
        loop.emplace(options);
    }

    JumpingClock clock;
    DebugOptions debug;
    std::vector<std::string> warnings;
    std::optional<EventLoop> loop;
};

Task<void> compute(JumpingClock& clock, Duration time) {
    clock.advance(time);
    co_return;
}

class CountingRecorder final : public trace::Recorder {
  public:
    void record(const trace::TaskEvent&) noexcept override { ++events; }
    int events = 0;
};

}  // namespace

TEST_CASE("debug mode warns of a task that keeps its loop for more than 100 ms") {
    DebuggedLoop debugged;
    auto main = [](JumpingClock& clock) -> Task<void> {
        TaskGroup group;
        group.start(compute(clock, 100ms), "just so");
        group.start(compute(clock, 153ms), "busy");
        group.start(compute(clock, 90ms), "quick");
        group.start(compute(clock, 90ms), "quick");
        co_await group.join();
    };
    debugged.loop->run(main(debugged.clock));
    CHECK(debugged.warnings ==
          std::vector<std::string>{"debug: task 3 \"busy\" kept its loop for 0.153 s; it had just been started"});
}

TEST_CASE("a warning says what the task had waited for, and uses the task's name of that time") {
    DebuggedLoop debugged;
    auto main = [](JumpingClock& clock) -> Task<void> {
        const TaskName name("row-17");
        {
            const ActivityScope activity_scope(trace::Activity::back_off);
            co_await sleep_for(1s);
        }
        clock.advance(200ms);
        co_await yield();
        clock.advance(300ms);
        co_await yield();
    };
    debugged.loop->run(main(debugged.clock));
    CHECK(debugged.warnings ==
          std::vector<std::string>{
              "debug: task 1 \"row-17\" kept its loop for 0.200 s; it had waited for back-off (time)",
              "debug: task 1 \"row-17\" kept its loop for 0.300 s; it had let the others run"});
}

TEST_CASE("the time that a task may keep its loop is an option") {
    DebuggedLoop debugged;
    debugged.debug.longest_run = 5ms;
    debugged.loop->run(compute(debugged.clock, 6ms));
    CHECK(debugged.warnings.size() == 1);
}

TEST_CASE("a warning says how much of the time the task spent in a loop of its own") {
    DebuggedLoop debugged;
    auto block = [](JumpingClock& clock) -> Task<void> {
        clock.advance(50ms);
        EventLoopOptions options;
        options.clock = &clock;
        options.debug = nullptr;
        auto sleep = []() -> Task<void> { co_await sleep_for(2s); };
        EventLoop(options).run(sleep());
        co_return;
    };
    debugged.loop->run(block(debugged.clock));
    REQUIRE(debugged.warnings.size() == 1);
    CHECK(debugged.warnings[0].find("for 2.050 s, 2.000 s of it in a loop of its own;") != std::string::npos);
}

TEST_CASE("a task that keeps its loop on purpose causes no warning until it next waits") {
    DebuggedLoop debugged;
    auto main = [](JumpingClock& clock) -> Task<void> {
        keep_loop_on_purpose();
        clock.advance(1s);
        co_await yield();
        CHECK(EventLoop::current_statistics().longest_run == 1s);
        clock.advance(2s);
    };
    debugged.loop->run(main(debugged.clock));
    REQUIRE(debugged.warnings.size() == 1);
    CHECK(debugged.warnings[0].find("2.000 s") != std::string::npos);
}

TEST_CASE("in debug mode the statistics name the task of the longest run") {
    DebuggedLoop debugged;
    auto main = [](JumpingClock& clock) -> Task<void> {
        TaskGroup group;
        group.start(compute(clock, 20ms), "short");
        group.start(compute(clock, 30ms), "longer");
        co_await group.join();
    };
    debugged.loop->run(main(debugged.clock));
    CHECK(debugged.loop->statistics().longest_run == 30ms);
    CHECK(debugged.loop->statistics().longest_runner == "3 \"longer\"");
    CHECK(debugged.warnings.empty());
}

TEST_CASE("in debug mode a dump says how long each task has been waiting") {
    DebuggedLoop debugged;
    auto main = []() -> Task<void> {
        TaskGroup group;
        auto sleep = []() -> Task<void> { co_await sleep_for(1h); };
        group.start(sleep(), "sleeper");
        co_await sleep_for(90s);
        CHECK(dump().find("\"sleeper\": waiting for time for 90 s, 58 min 30 s left\n") != std::string::npos);
        group.cancel();
        co_await group.join();
    };
    debugged.loop->run(main());
}

TEST_CASE("debug mode reports errors that are dropped because a sibling failed first") {
    DebuggedLoop debugged;
    auto fail = [](std::string why) -> Task<void> {
        throw std::runtime_error(why);
        co_return;
    };
    auto main = [](auto start) -> Task<void> {
        TaskGroup group;
        auto sleep = []() -> Task<void> { co_await sleep_for(1h); };
        group.start(start("the first"), "one");
        group.start(start("the second"), "two");
        group.start(sleep(), "cancelled");
        co_await group.join();
    };
    CHECK_THROWS_WITH(debugged.loop->run(main(fail)), "the first");
    CHECK(debugged.warnings == std::vector<std::string>{"debug: task 3 \"two\" failed after another task of its group, "
                                                        "so its error is dropped: the second"});
}

TEST_CASE("a recorder receives the same events in debug mode") {
    const auto work = []() -> Task<void> { co_await sleep_for(1s); };
    CountingRecorder with, without;
    DebuggedLoop debugged(&with);
    debugged.loop->run(work());
    JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    options.recorder = &without;
    options.debug = nullptr;
    EventLoop(options).run(work());
    CHECK(with.events > 0);
    CHECK(with.events == without.events);
}
