#include "plait/testing/check_byte_stream.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/test_loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace plait::testing {

namespace {

/// Bytes that encode their position. The period is a prime, so that no buffer's size is a multiple of it.
std::vector<std::byte> pattern(std::size_t periods) {
    constexpr std::size_t period = 251;
    std::vector<std::byte> bytes(periods * period);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % period);
    return bytes;
}

/// Reads `size` bytes, or up to the end.
Task<std::vector<std::byte>> read_bytes(ByteStream& stream, std::size_t size) {
    std::vector<std::byte> bytes(size);
    std::size_t got = 0;
    while (got < size) {
        const std::size_t count = co_await read_some(stream, std::span(bytes).subspan(got));
        if (count == 0) break;
        got += count;
    }
    bytes.resize(got);
    co_return bytes;
}

Task<void> read_into(ByteStream& stream, std::size_t size, std::vector<std::byte>& bytes) {
    bytes = co_await read_bytes(stream, size);
}

/// How a stream ends for its reader: by its end or by a reset, and nothing else.
enum class End { end, reset };

Task<End> read_to_end(ByteStream& stream) {
    std::array<std::byte, 4096> buffer;
    try {
        while (co_await read_some(stream, buffer) > 0) continue;
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::reset);
        CHECK(std::string(error.what()).size() > 0);
        co_return End::reset;
    }
    co_return End::end;
}

Task<void> is_new(StreamPair ends) {
    std::array<std::byte, 16> buffer;
    CHECK(ends.first->is_quiet());
    CHECK_FALSE(ends.first->try_read(buffer));
    co_await ends.first->writable();
    CHECK(ends.first->is_quiet());
}

Task<void> carries_both_ways(StreamPair ends) {
    const std::vector<std::byte> sent = pattern(20);
    std::vector<std::byte> here, there;
    TaskGroup group;
    group.start(read_into(*ends.first, sent.size(), here));
    group.start(read_into(*ends.second, sent.size(), there));
    group.start(write_all(*ends.first, sent));
    group.start(write_all(*ends.second, sent));
    co_await group.join();
    CHECK(here == sent);
    CHECK(there == sent);
}

Task<void> gives_single_bytes(StreamPair ends) {
    const std::vector<std::byte> sent = pattern(1);
    TaskGroup group;
    group.start(write_all(*ends.first, sent));
    std::vector<std::byte> received(sent.size());
    for (std::byte& byte : received) CHECK(co_await read_some(*ends.second, std::span(&byte, 1)) == 1);
    co_await group.join();
    CHECK(received == sent);
}

Task<void> wakes_reader(StreamPair ends) {
    const std::vector<std::byte> sent = pattern(1);
    std::vector<std::byte> received;
    TaskGroup group;
    group.start(read_into(*ends.second, sent.size(), received));
    co_await others_wait();
    CHECK(received.empty());
    co_await write_all(*ends.first, sent);
    co_await group.join();
    CHECK(received == sent);
}

Task<void> holds_writer(StreamPair ends) {
    constexpr std::size_t bound = std::size_t(1) << 28;
    const std::vector<std::byte> block = pattern(256);
    std::size_t written = 0;
    std::size_t blocks = 1;
    while (written < bound) {
        const auto count = ends.first->try_write(std::span(block).subspan(written % block.size()));
        if (!count) break;
        written += *count;
        blocks = written / block.size() + 1;
    }
    CHECK_MESSAGE(written < bound, "a writer whose peer does not read has to wait eventually");

    // What was not taken is written again with the same bytes.
    TaskGroup group;
    group.start(write_all(*ends.first, std::span(block).subspan(written % block.size())));
    std::size_t whole = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        const std::vector<std::byte> received = co_await read_bytes(*ends.second, block.size());
        if (received == block) ++whole;
    }
    co_await group.join();
    CHECK(whole == blocks);
}

/// Few enough that any stream takes them while nobody reads.
const std::vector<std::byte> two_bytes{std::byte{'a'}, std::byte{'b'}};

Task<void> ends_one_direction(StreamPair ends) {
    co_await write_all(*ends.first, two_bytes);
    ends.first->close_write();
    CHECK(co_await read_bytes(*ends.second, two_bytes.size() + 1) == two_bytes);
    std::byte next{};
    CHECK(co_await read_some(*ends.second, std::span(&next, 1)) == 0);
    co_await write_all(*ends.second, two_bytes);
    CHECK(co_await read_bytes(*ends.first, two_bytes.size()) == two_bytes);
}

Task<void> says_whether_quiet(StreamPair ends) {
    co_await write_all(*ends.first, two_bytes);
    co_await ends.second->readable();
    CHECK_FALSE(ends.second->is_quiet());
    CHECK_FALSE(ends.second->seems_quiet());
    CHECK((co_await read_bytes(*ends.second, 1)).front() == two_bytes.front());
    CHECK_FALSE(ends.second->is_quiet());
    CHECK((co_await read_bytes(*ends.second, 1)).front() == two_bytes.back());
    CHECK(ends.second->is_quiet());
    CHECK(ends.second->seems_quiet());
    ends.first->close_write();
    CHECK_FALSE(ends.second->is_quiet());
    CHECK(co_await read_to_end(*ends.second) == End::end);
}

Task<void> tells_writer_of_close(StreamPair ends) {
    constexpr int patience = 1000;
    const std::vector<std::byte> block = pattern(256);
    ends.second.reset();
    co_await read_to_end(*ends.first);
    bool thrown = false;
    for (int i = 0; i < patience && !thrown; ++i) {
        try {
            co_await write_all(*ends.first, block);
        } catch (const Error& error) {
            thrown = error.code() == ErrorCode::reset;
            CHECK(thrown);
        }
    }
    CHECK(thrown);
}

Task<void> reads_after_failed_write(StreamPair ends) {
    // In one go: a turn of the loop in between would report the bytes.
    constexpr int patience = 100'000;
    co_await write_all(*ends.first, two_bytes);  // nobody reads it, so that a close is a reset
    co_await ends.first->writable();
    std::vector<std::byte> read(two_bytes.size());
    CHECK_FALSE(ends.first->try_read(read));
    const std::size_t said = ends.second->try_write(two_bytes).value_or(0);
    ends.second.reset();
    bool thrown = false;
    for (int i = 0; i < patience && !thrown; ++i) {
        try {
            ends.first->try_write(two_bytes);
        } catch (const Error&) {
            thrown = true;
        }
    }
    CHECK(thrown);
    for (std::size_t got = 0; got < said;) {
        const auto count = ends.first->try_read(std::span(read).subspan(got));
        REQUIRE(count.value_or(0) > 0);
        got += *count;
    }
    CHECK(std::equal(read.begin(), read.begin() + static_cast<std::ptrdiff_t>(said), two_bytes.begin()));
}

Task<void> read_within(CancelScope& scope, ByteStream& stream, bool& was_read) {
    std::byte next{};
    was_read = (co_await scope.run(read_some(stream, std::span(&next, 1)))).has_value();
}

Task<void> gives_up_wait(StreamPair ends) {
    CancelScope scope;
    bool was_read = true;
    TaskGroup group;
    group.start(read_within(scope, *ends.first, was_read));
    co_await others_wait();
    scope.cancel();
    co_await group.join();
    CHECK_FALSE(was_read);
}

Task<void> resets_at_close(StreamPair ends) {
    ends.second->reset_at_close();
    ends.second.reset();
    co_await read_to_end(*ends.first);
}

struct Promise {
    const char* sentence;
    Task<void> (*check)(StreamPair ends);
};

constexpr std::array promises{
    Promise{"a new connection is quiet, has nothing to read and takes bytes", is_new},
    Promise{"what one end writes the other reads, both ways at once", carries_both_ways},
    Promise{"bytes can be read one at a time", gives_single_bytes},
    Promise{"a reader waits until there are bytes", wakes_reader},
    Promise{"a writer waits while its peer does not read, and nothing is lost", holds_writer},
    Promise{"after close_write the peer reads all and then the end, and may still write", ends_one_direction},
    Promise{"is_quiet notices waiting bytes and a close, and consumes nothing", says_whether_quiet},
    Promise{"writing to a peer that has closed throws Error(reset)", tells_writer_of_close},
    Promise{"after a failed write, what came before can be read at once", reads_after_failed_write},
    Promise{"a wait can be cancelled", gives_up_wait},
    Promise{"a close after reset_at_close is a reset or an end", resets_at_close},
};

}  // namespace

Task<void> check_byte_stream(std::function<Task<StreamPair>()> connect) {
    for (const Promise& promise : promises) {
        INFO("the contract of ByteStream: ", std::string(promise.sentence));
        StreamPair one_way = co_await connect();
        co_await promise.check(std::move(one_way));
        StreamPair other_way = co_await connect();
        std::swap(other_way.first, other_way.second);
        co_await promise.check(std::move(other_way));
    }
}

}  // namespace plait::testing
