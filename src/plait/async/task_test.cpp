#include "plait/async/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

using namespace plait;
using namespace std::chrono_literals;

namespace {
Task<int> give(int value) { co_return value; }
Task<int> give_later(int value) {
    co_await yield();
    co_return value;
}
Task<void> fail(std::string why) {
    co_await yield();
    throw std::runtime_error(why);
}
}  // namespace

ASYNC_TEST("awaiting a task gives its value") { CHECK(co_await give(7) == 7); }

ASYNC_TEST("awaiting a task that waits gives its value later") { CHECK(co_await give_later(7) == 7); }

ASYNC_TEST("awaiting a task throws what it threw") {
    std::string message;
    try {
        co_await fail("no bread");
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message == "no bread");
}
