#include "plait/testing/memory_stream.hpp"

#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/check_byte_stream.hpp"

#include <string>

using namespace plait;
using namespace plait::testing;

namespace {

Task<StreamPair> connect() { co_return memory_streams(); }

Task<StreamPair> connect_narrowly() {
    MemoryStreamOptions options;
    options.capacity = 3;
    options.largest_read = 1;
    co_return memory_streams(options);
}

}  // namespace

ASYNC_TEST("a memory stream keeps the contract of a byte stream") { co_await check_byte_stream(connect); }

ASYNC_TEST("a memory stream that holds three bytes and gives one at a time keeps the contract") {
    co_await check_byte_stream(connect_narrowly);
}

ASYNC_TEST("an end knows what it has written") {
    auto [here, there] = memory_streams();
    co_await write_text(*here, "ping\n");
    CHECK(co_await read_until(*there, "\n") == "ping\n");
    CHECK(here->written() == "ping\n");
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

ASYNC_TEST("an end that resets when it is closed can be read up to there, and then fails") {
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
