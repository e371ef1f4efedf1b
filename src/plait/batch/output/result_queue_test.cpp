#include "plait/batch/output/result_queue.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/testing/async_test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::MemorySink;

namespace {

/// The result of the call `line`.
CallResult value_of(std::string_view line) {
    return CallResult(Call(std::string(line), 1, http::Request("GET", "http://a.b")), CallEnd(Outcome::ok));
}

void put(ResultQueue& queue, OutputSlot slot, std::string_view line) {
    constexpr std::uint64_t line_of_call = 7;
    queue.put(
        std::move(slot), line_of_call, [line](std::string& out) { out += line; }, [line] { return value_of(line); });
}

Task<void> put(ResultQueue& queue, std::string line) {
    OutputSlot slot = co_await queue.reserve();
    put(queue, std::move(slot), line);
}

Task<void> write_all(ResultQueue& queue, std::optional<bool>& read) { read = co_await queue.write_all(); }

}  // namespace

ASYNC_TEST("lines are written together, fifty milliseconds after the first of them") {
    MemorySink sink;
    ResultQueue queue(&sink, nullptr, std::nullopt);
    std::optional<bool> read;
    TaskGroup group;
    group.start(write_all(queue, read));
    co_await sleep_for(1h);
    co_await put(queue, "a\n");
    co_await sleep_for(20ms);
    co_await put(queue, "b\n");
    co_await sleep_for(29ms);
    CHECK(sink.writes == 0);
    co_await sleep_for(2ms);
    CHECK(sink.text == "a\nb\n");
    CHECK(sink.writes == 1);
    queue.close();
    co_await group.join();
    CHECK(read == true);
}

ASYNC_TEST("a flush writes at once, and so does a full batch") {
    MemorySink sink;
    ResultQueue queue(&sink, nullptr, std::nullopt);
    std::optional<bool> read;
    TaskGroup group;
    group.start(write_all(queue, read));
    const TimePoint start = now();
    co_await put(queue, "a\n");
    queue.flush();
    while (sink.writes < 1) co_await yield();
    co_await put(queue, std::string(ResultQueue::full_batch, 'x'));
    while (sink.writes < 2) co_await yield();
    CHECK(now() == start);
    queue.close();
    co_await group.join();
}

ASYNC_TEST("closing writes the rest") {
    MemorySink sink;
    ResultQueue queue(&sink, nullptr, std::nullopt);
    co_await put(queue, "a\n");
    queue.close();
    const bool read = co_await queue.write_all();
    CHECK(read);
    CHECK(sink.text == "a\n");
}

ASYNC_TEST("in the order of the input, lines wait for earlier ones") {
    MemorySink sink;
    ResultQueue queue(&sink, nullptr, 10);
    auto first = co_await queue.reserve();
    auto second = co_await queue.reserve();
    auto third = co_await queue.reserve();
    put(queue, std::move(third), "3\n");
    put(queue, std::move(first), "1\n");
    put(queue, std::move(second), "2\n");
    queue.close();
    co_await queue.write_all();
    CHECK(sink.text == "1\n2\n3\n");
}

ASYNC_TEST("the window bounds how far a slot is ahead of the first missing line") {
    MemorySink sink;
    ResultQueue queue(&sink, nullptr, 2);
    auto first = co_await queue.reserve();
    auto second = co_await queue.reserve();
    put(queue, std::move(second), "2\n");
    auto third = co_await within(1h, queue.reserve());
    CHECK_FALSE(third);
    put(queue, std::move(first), "1\n");
    third = co_await within(1h, queue.reserve());
    CHECK(third);
}

ASYNC_TEST("no slot is given out while the reader is far behind") {
    MemorySink sink;
    sink.block();
    ResultQueue queue(&sink, nullptr, std::nullopt);
    std::optional<bool> read;
    TaskGroup group;
    group.start(write_all(queue, read));
    co_await put(queue, "a\n");
    co_await sleep_for(1s);  // the writer is stuck with the first line
    co_await put(queue, std::string(ResultQueue::largest_backlog + 1, 'x'));
    auto slot = co_await within(1h, queue.reserve());
    CHECK_FALSE(slot);
    sink.open();
    slot = co_await within(1h, queue.reserve());
    CHECK(slot);
    queue.close();
    co_await group.join();
}

ASYNC_TEST("writing ends when the reader has gone or the disk is full") {
    MemorySink closed;
    closed.is_closed = true;
    ResultQueue unread(&closed, nullptr, std::nullopt);
    co_await put(unread, "a\n");
    const bool read = co_await unread.write_all();
    CHECK_FALSE(read);

    MemorySink full;
    full.is_full = true;
    ResultQueue unwritten(&full, nullptr, std::nullopt);
    co_await put(unwritten, "a\n");
    try {
        co_await unwritten.write_all();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
    }
}

namespace {

Task<void> take_all(ResultValues& values, std::string& taken) {
    while (const auto result = co_await values.next()) taken += result->custom_id();
}

}  // namespace

ASYNC_TEST("a value is handed out after its line was written") {
    MemorySink sink;
    ResultValues values;
    ResultQueue queue(&sink, &values, std::nullopt);
    std::optional<bool> read;
    std::string taken;
    TaskGroup group;
    group.start(write_all(queue, read));
    group.start(take_all(values, taken));
    sink.block();
    co_await put(queue, "a\n");
    co_await sleep_for(1s);
    CHECK(taken.empty());
    sink.open();
    co_await sleep_for(1s);
    CHECK(taken == "a\n");
    values.close();
    queue.close();
    co_await group.join();
}

ASYNC_TEST("without a sink, values are handed out at once, in the order of the slots if there is a window") {
    for (const bool is_ordered : {false, true}) {
        ResultValues values;
        ResultQueue queue(nullptr, &values, is_ordered ? std::optional<std::size_t>(10) : std::nullopt);
        std::optional<bool> read;
        std::string taken;
        TaskGroup group;
        group.start(write_all(queue, read));
        group.start(take_all(values, taken));
        OutputSlot first = co_await queue.reserve();
        OutputSlot second = co_await queue.reserve();
        const TimePoint begin = now();
        put(queue, std::move(second), "2");
        put(queue, std::move(first), "1");
        co_await sleep_for(1ms);
        CHECK(taken == (is_ordered ? "12" : "21"));
        CHECK(now() == begin + 1ms);
        values.close();
        queue.close();
        co_await group.join();
    }
}

ASYNC_TEST("a follower of results learns of each when it was written, and of no slot that was left out") {
    for (const bool is_ordered : {false, true}) {
        MemorySink sink;
        std::vector<std::uint64_t> out;
        ResultQueue queue(&sink, nullptr, is_ordered ? std::optional<std::size_t>(10) : std::nullopt,
                          [&](std::uint64_t line) { out.push_back(line); });
        std::optional<bool> read;
        TaskGroup group;
        group.start(write_all(queue, read));
        OutputSlot first = co_await queue.reserve();
        OutputSlot second = co_await queue.reserve();
        sink.block();
        put(queue, std::move(second), "2\n");
        queue.leave_out(std::move(first));
        co_await sleep_for(1s);
        CHECK(out.empty());
        sink.open();
        co_await sleep_for(1s);
        CHECK(out == std::vector<std::uint64_t>{7});
        queue.close();
        co_await group.join();
    }
}

ASYNC_TEST("no slot is given out while many values have not been taken") {
    ResultValues values;
    ResultQueue queue(nullptr, &values, std::nullopt);
    for (std::size_t n = 0; n < ResultValues::most_waiting; ++n)
        values.put(std::make_unique<CallResult>(value_of("a")));
    CHECK_FALSE(co_await within(1h, queue.reserve()));
    co_await values.next();
    CHECK(co_await within(1h, queue.reserve()));
}
