#include "plait/testing/test_loop.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <cstdlib>
#include <utility>

namespace plait::testing {

void run_test(Task<void> body) {
    JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    options.timer_slack = Duration::zero();
    if (const char* seed = std::getenv("PLAIT_TEST_SEED")) options.shuffle_seed = std::strtoull(seed, nullptr, 10);
    EventLoop(options).run(std::move(body));
}

Task<void> others_wait() {
    while (EventLoop::current_statistics().ready > 0) co_await yield();
}

}  // namespace plait::testing
