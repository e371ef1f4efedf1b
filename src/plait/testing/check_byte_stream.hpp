#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace plait::testing {

/// Both ends of a connection.
using StreamPair = std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>>;

/// Checks that both ends of a connection keep the contract of `ByteStream`. For the test of a class that implements it:
///
///     Task<StreamPair> connect() { ... }
///     ASYNC_TEST("it keeps the contract of a byte stream") { co_await check_byte_stream(connect); }
///
/// Each promise is checked on two new connections, so `connect` is called some twenty times; a broken promise is a
/// failed check of the running test case and is named in it. The ends are read and written by tasks of the same loop.
Task<void> check_byte_stream(std::function<Task<StreamPair>()> connect);

}  // namespace plait::testing
