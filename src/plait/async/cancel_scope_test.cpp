#include "plait/async/cancel_scope.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <stdexcept>
#include <string>

using namespace plait;
using namespace std::chrono_literals;

static_assert(!std::is_base_of_v<std::exception, Cancelled>, "code that handles failures must not swallow it");

namespace {

Task<int> give_after(Duration duration, int value) {
    co_await sleep_for(duration);
    co_return value;
}

Task<void> swallow_failures(std::string& story) {
    try {
        co_await sleep_for(1h);
    } catch (const std::exception&) {
        story += "swallowed ";
    }
    story += "went on";
}

// A handler can't await, so it only notes what happened; the clean-up comes after it.
Task<void> clean_up(std::string& story, Duration takes) {
    bool cancelled = false;
    try {
        co_await sleep_for(1h);
    } catch (const Cancelled&) {
        cancelled = true;
    }
    if (!cancelled) co_return;
    story += co_await shielded(5s, sleep_for(takes)) ? "cleaned " : "gave up ";
    throw Cancelled();
}

Task<int> inner_deadline(Duration inner, std::string& story) {
    const auto value = co_await within(inner, give_after(1h, 1));
    story += value ? "value " : "inner ";
    co_await sleep_for(1h);
    co_return 0;
}

Task<void> cancel_after(Duration duration, CancelScope& scope) {
    co_await sleep_for(duration);
    scope.cancel();
}

Task<void> run_in(CancelScope& scope, Duration duration) { co_await scope.run(sleep_for(duration)); }

Task<void> try_again_and_again(int& refused) {
    for (int i = 0; i < 3; ++i) {
        try {
            co_await sleep_for(1h);
        } catch (const Cancelled&) {
            ++refused;
        }
    }
    co_await sleep_for(1h);
}

}  // namespace

ASYNC_TEST("within gives the value of what ends in time") {
    CHECK(co_await within(2s, give_after(1s, 7)) == 7);
    CHECK(co_await within(2s, sleep_for(1s)));
}

ASYNC_TEST("within gives nothing when the time is up, and ends at that moment") {
    const TimePoint start = now();
    CHECK_FALSE(co_await within(2s, give_after(1h, 7)));
    CHECK(now() - start == 2s);
}

ASYNC_TEST("within lets errors through") {
    auto fail = []() -> Task<int> {
        co_await sleep_for(1s);
        throw std::runtime_error("no bread");
    };
    bool thrown = false;
    try {
        co_await within(2s, fail());
    } catch (const std::runtime_error&) {
        thrown = true;
    }
    CHECK(thrown);
}

ASYNC_TEST("code that handles failures does not swallow a cancellation") {
    std::string story;
    CHECK_FALSE(co_await within(1s, swallow_failures(story)));
    CHECK(story.empty());
}

ASYNC_TEST("with two nested deadlines, only the one that fired ends its scope") {
    std::string story;
    CHECK_FALSE(co_await within(5s, inner_deadline(2s, story)));
    CHECK(story == "inner ");
    story.clear();
    CHECK_FALSE(co_await within(2s, inner_deadline(5s, story)));
    CHECK(story.empty());
    // Both fire at the same time: the outer deadline counts, and the inner one does not hide it.
    CHECK_FALSE(co_await within(2s, inner_deadline(2s, story)));
}

ASYNC_TEST("a scope can be cancelled by another task") {
    CancelScope scope;
    TaskGroup group;
    group.start(cancel_after, 3s, std::ref(scope));
    const TimePoint start = now();
    CHECK_FALSE(co_await scope.run(give_after(1h, 7)));
    CHECK(scope.is_cancelled());
    CHECK(now() - start == 3s);
    co_await group.join();
}

ASYNC_TEST("work in a scope that is already cancelled gives up at its first wait") {
    CancelScope scope;
    scope.cancel();
    const TimePoint start = now();
    CHECK_FALSE(co_await scope.run(give_after(1h, 7)));
    CHECK(now() == start);
}

ASYNC_TEST("a scope may outlive the tasks and the scopes in which it was run") {
    CancelScope of_a_task, of_a_scope;
    {
        TaskGroup group;
        group.start(run_in, std::ref(of_a_task), 1s);
        co_await group.join();
    }
    CHECK(co_await within(1h, run_in(of_a_scope, 1s)));
    of_a_task.cancel();
    CHECK(of_a_task.is_cancelled());
}

ASYNC_TEST("the longest possible limit never fires") {
    CHECK(co_await within(Duration::max(), give_after(1h, 7)) == 7);
    CHECK_FALSE(co_await within(1h, sleep_for(Duration::max())));
}

ASYNC_TEST("once cancelled, each further wait throws") {
    int refused = 0;
    CHECK_FALSE(co_await within(1s, try_again_and_again(refused)));
    CHECK(refused == 3);
}

ASYNC_TEST("a shielded clean-up gets its time limit and no more") {
    std::string story;
    const TimePoint start = now();
    CHECK_FALSE(co_await within(1s, clean_up(story, 1s)));
    CHECK(story == "cleaned ");
    CHECK(now() - start == 2s);
    CHECK_FALSE(co_await within(1s, clean_up(story, 1h)));
    CHECK(story == "cleaned gave up ");
    CHECK(now() - start == 8s);
}

ASYNC_TEST("cancelling a scope reaches every task that was started inside") {
    Event never;
    auto nest = [](Event& event) -> Task<void> {
        auto wait_for = [](Event& set_by_nobody) -> Task<void> { co_await set_by_nobody.wait(); };
        TaskGroup group;
        for (int i = 0; i < 10; ++i) group.start(wait_for, std::ref(event));
        co_await group.join();
    };
    auto tree = [nest](Event& event) -> Task<void> {
        TaskGroup group;
        for (int i = 0; i < 10; ++i) group.start(nest, std::ref(event));
        co_await group.join();
    };
    CHECK_FALSE(co_await within(1s, tree(never)));
    CHECK(EventLoop::current_statistics().waiting == 0);
}
