#include "plait/async/activity_scope.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;
using trace::Activity;

namespace {

/// Records what the tasks of a loop waited for, in order.
class WaitsSeen final : public trace::Recorder {
  public:
    void record(const trace::TaskEvent& event) noexcept override {
        if (event.state == trace::TaskState::waiting) waits.push_back(event.activity);
        if (event.state == trace::TaskState::running) CHECK(event.activity == Activity::running);
    }
    std::vector<Activity> waits;
};

std::vector<Activity> waits_of(Task<void> task) {
    testing::JumpingClock clock;
    WaitsSeen seen;
    EventLoopOptions options;
    options.clock = &clock;
    options.recorder = &seen;
    EventLoop(options).run(std::move(task));
    return seen.waits;
}

}  // namespace

TEST_CASE("an activity scope labels the waits of its task until it ends") {
    auto main = []() -> Task<void> {
        co_await sleep_for(1s);
        {
            ActivityScope activity_scope(Activity::connect);
            co_await sleep_for(1s);
            {
                const ActivityScope inner(Activity::dns);
                co_await sleep_for(1s);
            }
            co_await sleep_for(1s);
            activity_scope.change_to(Activity::tls);
            co_await sleep_for(1s);
        }
        co_await sleep_for(1s);
    };
    CHECK(waits_of(main()) == std::vector{Activity::other, Activity::connect, Activity::dns, Activity::connect,
                                          Activity::tls, Activity::other});
}

TEST_CASE("a started task inherits the activity of its starter and keeps it") {
    auto child = []() -> Task<void> { co_await sleep_for(1s); };
    auto main = [](auto start) -> Task<void> {
        TaskGroup group;
        {
            const ActivityScope activity_scope(Activity::body);
            group.start(start());
        }
        co_await group.join();
    };
    CHECK(waits_of(main(child)) == std::vector{Activity::other, Activity::body});
}

TEST_CASE("a kind of wait that implies its activity needs no scope") {
    auto hold = [](Semaphore& permits) -> Task<void> { const auto permit = co_await permits.acquire(); };
    auto main = [](auto acquire) -> Task<void> {
        Semaphore permits{1};
        auto held = permits.try_acquire();
        TaskGroup group;
        group.start(acquire(permits));
        co_await yield();
        held.reset();
        co_await group.join();
    };
    CHECK(waits_of(main(hold)) == std::vector{Activity::permit, Activity::other});
}
