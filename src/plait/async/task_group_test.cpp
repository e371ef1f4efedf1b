#include "plait/async/task_group.hpp"

#include "plait/async/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

#include <stdexcept>
#include <string>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<void> write_after(Duration duration, std::string& order, char name) {
    co_await sleep_for(duration);
    order.push_back(name);
}

Task<void> fail_after(Duration duration, std::string why) {
    co_await sleep_for(duration);
    throw std::runtime_error(why);
}

Task<void> fail_when_cancelled(std::string why) {
    try {
        co_await sleep_for(1h);
    } catch (const Cancelled&) {
        throw std::runtime_error(why);
    }
}

Task<void> join_these(TaskGroup& group, std::string& story) {
    try {
        co_await group.join();
    } catch (const std::runtime_error& error) {
        story = error.what();
    }
}

Task<void> start_and_join(std::string& order) {
    TaskGroup group;
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(write_after, 1h, std::ref(order), 'b');
    co_await group.join();
    order += " joined";
}

}  // namespace

ASYNC_TEST("join waits for all that was started, also by those") {
    std::string order;
    TaskGroup group;
    auto start_more = [](TaskGroup& same, std::string& written) -> Task<void> {
        co_await sleep_for(1s);
        same.start(write_after, 5s, std::ref(written), 'c');
    };
    group.start(write_after, 2s, std::ref(order), 'b');
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(start_more, std::ref(group), std::ref(order));
    co_await group.join();
    CHECK(order == "abc");
    CHECK(group.size() == 0);
}

ASYNC_TEST("an empty group is joined at once, and a group can be used again") {
    std::string order;
    TaskGroup group;
    co_await group.join();
    group.start(write_after, 1s, std::ref(order), 'a');
    co_await group.join();
    group.start(write_after, 1s, std::ref(order), 'b');
    co_await group.join();
    CHECK(order == "ab");
}

ASYNC_TEST("the first failure cancels the others and is what join throws") {
    std::string order, story;
    const TimePoint start = now();
    TaskGroup group;
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(fail_after, 2s, "first");
    group.start(fail_after, 3s, "second");
    group.start(write_after, 1h, std::ref(order), 'b');
    co_await join_these(group, story);
    CHECK(story == "first");
    CHECK(order == "a");
    CHECK(now() - start == 2s);
}

ASYNC_TEST("a failure during cancellation is not the first one, and is not lost when it is the only one") {
    std::string story;
    TaskGroup group;
    group.start(fail_after, 1s, "first");
    group.start(fail_when_cancelled, "while cancelled");
    co_await join_these(group, story);
    CHECK(story == "first");

    TaskGroup other;
    other.start(fail_when_cancelled, "while cancelled");
    co_await yield();
    other.cancel();
    co_await join_these(other, story);
    CHECK(story == "while cancelled");
}

ASYNC_TEST("all that throw reach join") {
    std::string story;
    TaskGroup group;
    for (int i = 0; i < 100; ++i) group.start(fail_after, 1s, "number " + std::to_string(i));
    co_await join_these(group, story);
    CHECK(story.starts_with("number "));
}

ASYNC_TEST("a cancelled group is joined without an error") {
    std::string order;
    TaskGroup group;
    group.start(write_after, 1h, std::ref(order), 'a');
    co_await yield();
    group.cancel();
    co_await group.join();
    CHECK(order.empty());
}

ASYNC_TEST("cancelling the one who joins cancels the tasks, and waits for their end") {
    std::string order;
    CHECK_FALSE(co_await within(10s, start_and_join(order)));
    CHECK(order == "a");
    CHECK(EventLoop::current_statistics().waiting == 0);
}

ASYNC_TEST("a task started in a cancelled group ends at its first wait") {
    std::string order;
    TaskGroup group;
    group.cancel();
    group.start(write_after, 1h, std::ref(order), 'a');
    co_await group.join();
    CHECK(order.empty());
}
