#include "plait/async/task.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <memory>
#include <stdexcept>
#include <string>

using namespace plait;

namespace {

Task<int> give(int value) { co_return value; }

Task<int> give_later(int value) {
    co_await yield();
    co_return value;
}

Task<std::unique_ptr<int>> give_owned(int value) { co_return std::make_unique<int>(value); }

Task<void> fail(std::string why) {
    co_await yield();
    throw std::runtime_error(why);
}

struct CountsItsEnd {
    explicit CountsItsEnd(int& count) : ends(&count) {}
    CountsItsEnd(CountsItsEnd&& other) noexcept : ends(std::exchange(other.ends, nullptr)) {}
    ~CountsItsEnd() {
        if (ends) ++*ends;
    }
    int* ends;
};

Task<void> wait_with(CountsItsEnd, Event& event) { co_await event.wait(); }

}  // namespace

ASYNC_TEST("awaiting a task gives its value") { CHECK(co_await give(7) == 7); }

ASYNC_TEST("awaiting a task that waits gives its value later") { CHECK(co_await give_later(7) == 7); }

ASYNC_TEST("a task gives a value that can only be moved") { CHECK(*co_await give_owned(7) == 7); }

ASYNC_TEST("awaiting a task throws what it threw") {
    std::string message;
    try {
        co_await fail("no bread");
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message == "no bread");
}

TEST_CASE("a task that is never awaited does not run, and destroys its arguments") {
    int ends = 0;
    Event never;
    {
        auto task = wait_with(CountsItsEnd(ends), never);
        CHECK(ends == 0);
    }
    CHECK(ends == 1);
}

ASYNC_TEST("a block that is left without join drops its tasks where they wait") {
    int ends = 0;
    Event never;
    {
        TaskGroup group;
        group.start(wait_with(CountsItsEnd(ends), never));
        co_await yield();
        CHECK(group.size() == 1);
    }
    CHECK(ends == 1);
}

TEST_CASE("run returns the value of a task on a thread without a loop, and does so again") {
    CHECK(run(give_later(1)) == 1);
    CHECK(run(give_later(2)) == 2);
    CHECK_THROWS_AS(run(fail("no bread")), std::runtime_error);
}

TEST_CASE("get gives the value of a task where there is no loop") {
    CHECK(give_later(1).get() == 1);
    CHECK_THROWS_WITH_AS(fail("no bread").get(), "no bread", std::runtime_error);
}

ASYNC_TEST("run within a task drives a loop of its own") {
    CHECK(run(give_later(3)) == 3);
    CHECK(co_await give_later(4) == 4);
}
