#include "plait/async/late_cancel.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <chrono>
#include <string>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<void> hold_up(testing::JumpingClock& clock) {
    clock.advance(1h);
    co_await sleep_for(5h);
}

/// Gives up by itself after a second, which is over when the loop first looks at its timers.
Task<std::string> ends_itself(testing::JumpingClock& clock) {
    const bool waited = co_await within(1s, hold_up(clock));
    co_return waited ? "waited" : "gave up";
}

Task<void> be_late(testing::JumpingClock& clock) {
    const auto cancelled = co_await within(1s + 100ms, ends_itself(clock));
    CHECK_FALSE(cancelled);
    CancelScope scope;
    const LateCancel late(scope, now() + 1s, 100ms);
    const auto ended = co_await scope.run(ends_itself(clock));
    CHECK(ended == "gave up");
}

}  // namespace

TEST_CASE("what ends itself at the deadline does so before a late cancel, however late the loop is") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop(options).run(be_late(clock));
}

ASYNC_TEST("what does not end itself is cancelled after the grace") {
    const TimePoint begin = now();
    CancelScope scope;
    const LateCancel late(scope, begin + 1s, 100ms);
    CHECK_FALSE(co_await scope.run(sleep_for(1h)));
    CHECK(now() - begin == 1100ms);
}

ASYNC_TEST("a late cancel that is gone cancels nothing") {
    CancelScope scope;
    { const LateCancel late(scope, now() + 1s, 100ms); }
    CHECK(co_await scope.run(sleep_for(1h)));
}
