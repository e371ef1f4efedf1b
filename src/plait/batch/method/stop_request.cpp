#include "plait/batch/method/stop_request.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"

#include <optional>
#include <utility>

namespace plait::batch {

namespace {

// It polls, because a signal handler can only wake the loop that is blocked.
Task<void> cancel_when_asked(CancelScope& scope, const StopRequest& stop, Duration grace, StatusRequest* status) {
    std::optional<TimePoint> end;
    for (;;) {
        if (stop.times() > 0 && !end) end = after(grace);
        if (stop.times() > 1 || (end && now() >= *end)) break;
        co_await sleep_for(stop_request_interval);
        if (status) status->answer_if_asked();
    }
    scope.cancel();
}

}  // namespace

Task<Attempt> unless_stopped(Task<Attempt> attempt, const StopRequest& stop, Duration grace, StatusRequest* status) {
    CancelScope scope;
    TaskGroup watch;
    watch.start(cancel_when_asked(scope, stop, grace, status), "watch");
    std::optional<Attempt> ended = co_await scope.run(std::move(attempt));
    watch.cancel();
    co_await watch.join();
    if (!ended) co_return given_up();
    co_return std::move(*ended);
}

}  // namespace plait::batch
