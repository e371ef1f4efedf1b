// A user's tests, with plait::testing.
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/check_byte_stream.hpp"
#include "plait/testing/memory_stream.hpp"

#include <string>

using namespace plait;
using namespace plait::testing;
using namespace std::chrono_literals;

namespace {

/// Asks one question of a server that answers with one line. Returns nothing when it is silent for an hour.
Task<std::optional<std::string>> ask(ByteStream& server, std::string question) {
    co_await write_text(server, question + "\n");
    co_return co_await within(1h, read_until(server, "\n"));
}

/// For a stream of your own: how to make a connection with it.
Task<StreamPair> connect() { co_return memory_streams(); }

}  // namespace

ASYNC_TEST("my stream keeps the contract of a byte stream") { co_await check_byte_stream(connect); }

ASYNC_TEST("the answer is a line") {
    auto [client, server] = memory_streams();
    co_await write_text(*server, "blue\n");
    CHECK(co_await ask(*client, "What colour?") == "blue\n");
    CHECK(client->written() == "What colour?\n");
}

ASYNC_TEST("a server that is silent for an hour is given up") {
    auto [client, server] = memory_streams();
    const TimePoint start = now();
    CHECK_FALSE(co_await ask(*client, "What colour?"));
    CHECK(now() - start == 1h);  // on a clock that jumps: the test takes no time
}
