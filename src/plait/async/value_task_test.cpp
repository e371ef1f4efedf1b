#include "plait/async/value_task.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/parts/frame_statistics.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace plait;

namespace {

Task<std::unique_ptr<int>> bring(int value) {
    co_await yield();
    co_return std::make_unique<int>(value);
}

Task<std::unique_ptr<int>> fail() {
    co_await yield();
    throw std::runtime_error("no bread");
}

ValueTask<std::unique_ptr<int>> give(int value, bool has_value) {
    if (has_value) return std::make_unique<int>(value);
    return bring(value);
}

ValueTask<std::unique_ptr<int>> refuse() { return fail(); }

}  // namespace

ASYNC_TEST("a value that is there is given without a frame") {
    const std::size_t before = frame_statistics().in_use;
    auto given = give(7, true);
    CHECK(frame_statistics().in_use == before);
    CHECK(*co_await std::move(given) == 7);
}

ASYNC_TEST("a value that is not there is waited for") { CHECK(*co_await give(7, false) == 7); }

ASYNC_TEST("awaiting the task of a value throws what it threw") {
    std::string message;
    try {
        co_await refuse();
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message == "no bread");
}
