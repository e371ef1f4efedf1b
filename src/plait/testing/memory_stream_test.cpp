#include "plait/testing/memory_stream.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <string>

using namespace plait;
using namespace plait::testing;
using namespace std::chrono_literals;

ASYNC_TEST("what one end writes the other reads, in both directions") {
    auto [here, there] = memory_streams();
    co_await write_text(*here, "ping\n");
    CHECK(co_await read_until(*there, "\n") == "ping\n");
    co_await write_text(*there, "pong\n");
    CHECK(co_await read_until(*here, "\n") == "pong\n");
    CHECK(here->written() == "ping\n");
    CHECK(here->is_quiet());
}

ASYNC_TEST("a small stream makes the writer wait for the reader") {
    MemoryStreamOptions options;
    options.capacity = 3;
    options.largest_read = 1;
    auto [here, there] = memory_streams(options);
    TaskGroup group;
    group.start(write_text, std::ref(*here), "a long line of text\n");
    CHECK(co_await read_until(*there, "\n") == "a long line of text\n");
    co_await group.join();
}

ASYNC_TEST("destroying an end is the end of the stream, and a reset is an error") {
    auto [here, there] = memory_streams();
    co_await write_text(*there, "last words");
    CHECK_FALSE(here->is_quiet());
    there.reset();
    CHECK(co_await read_until(*here, "\n") == "last words");
    CHECK_FALSE(here->is_quiet());

    auto [one, two] = memory_streams();
    two->reset();
    bool thrown = false;
    try {
        co_await read_until(*one, "\n");
    } catch (const Error& error) {
        thrown = error.code() == ErrorCode::reset;
    }
    CHECK(thrown);
}

ASYNC_TEST("an end that resets at its close is read to there, and then is an error") {
    auto [here, there] = memory_streams();
    co_await write_text(*there, "cut");
    there->reset_at_close();
    there.reset();
    bool thrown = false;
    try {
        co_await read_until(*here, "\n");
    } catch (const Error& error) {
        thrown = error.code() == ErrorCode::reset;
    }
    CHECK(thrown);
}

ASYNC_TEST("reading from a silent peer can be given up") {
    auto [here, there] = memory_streams();
    CHECK_FALSE(co_await within(1h, read_until(*here, "\n")));
}

ASYNC_TEST("a new stream takes bytes, and says so") {
    auto [here, there] = memory_streams();
    CHECK(co_await within(1h, here->writable()));
    CHECK(co_await within(1h, there->writable()));
}
