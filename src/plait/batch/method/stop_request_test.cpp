#include "plait/batch/method/stop_request.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/testing/async_test.hpp"

#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::FakeMethod;

namespace {

Task<Attempt> answer_after(Duration time) {
    co_await sleep_for(time);
    co_return co_await FakeMethod::ok();
}

Task<void> ask_after(StopRequest& stop, Duration time) {
    co_await sleep_for(time);
    stop.ask();
}

bool is_given_up(const Attempt& attempt) {
    const auto* failure = attempt.failure();
    return failure && failure->code == ErrorCode::cancelled && failure->maybe_sent;
}

}  // namespace

ASYNC_TEST("a status request during an attempt is answered once, within 50 ms") {
    StopRequest stop;
    StatusRequest status;
    std::vector<Duration> answers;
    const TimePoint start = now();
    status.set_answer([&] { answers.push_back(now() - start); });
    auto ask_after_a_second = [](StatusRequest& request) -> Task<void> {
        co_await sleep_for(1010ms);
        request.ask();
        request.ask();
    };
    TaskGroup asking;
    asking.start(ask_after_a_second(status));
    const Attempt attempt = co_await unless_stopped(answer_after(1h), stop, 10s, &status);
    CHECK(attempt.response());
    CHECK(answers == std::vector<Duration>{1050ms});
    co_await asking.join();
}

ASYNC_TEST("an attempt without a stop request has its answer") {
    StopRequest stop;
    const Attempt attempt = co_await unless_stopped(answer_after(1h), stop, 10s);
    CHECK(attempt.response());
}

ASYNC_TEST("an attempt that is asked to stop may end within the grace period") {
    StopRequest stop;
    stop.ask();
    const Attempt attempt = co_await unless_stopped(answer_after(9s), stop, 10s);
    CHECK(attempt.response());
}

ASYNC_TEST("an attempt is given up when the grace period is over") {
    StopRequest stop;
    TaskGroup asking;
    asking.start(ask_after(stop, 1min));
    const TimePoint start = now();
    const Attempt attempt = co_await unless_stopped(answer_after(1h), stop, 10s);
    CHECK(is_given_up(attempt));
    CHECK(now() - start < 70s + 2 * stop_request_interval);
    co_await asking.join();
}

ASYNC_TEST("an attempt that is asked twice is given up at once") {
    StopRequest stop;
    TaskGroup asking;
    asking.start(ask_after(stop, 1s));
    asking.start(ask_after(stop, 2s));
    const TimePoint start = now();
    const Attempt attempt = co_await unless_stopped(answer_after(1h), stop, 10s);
    CHECK(is_given_up(attempt));
    CHECK(now() - start < 2s + 2 * stop_request_interval);
    co_await asking.join();
}
