#include "plait/async/descriptor.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

using namespace plait;
using namespace std::chrono_literals;

namespace {

std::array<UniqueFd, 2> socket_pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Task<std::string> read_some_text(Descriptor& descriptor) {
    std::array<char, 1000> buffer;
    for (;;) {
        const auto got = ::read(descriptor.fd(), buffer.data(), buffer.size());
        if (got >= 0) co_return std::string(buffer.data(), static_cast<std::size_t>(got));
        REQUIRE(errno == EAGAIN);
        descriptor.set_drained();
        co_await descriptor.readable();
    }
}

Task<void> write_text(int fd, std::string text) {
    co_await yield();
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

Task<void> fill_up(Descriptor& descriptor, std::size_t& written) {
    const std::string block(4096, 'x');
    while (written < 10'000'000) {
        const auto took = ::write(descriptor.fd(), block.data(), block.size());
        if (took > 0) {
            written += static_cast<std::size_t>(took);
        } else {
            descriptor.set_filled();
            co_await descriptor.writable();
        }
    }
}

Task<void> drain(Descriptor& descriptor, std::size_t& read) {
    while (read < 10'000'000) read += (co_await read_some_text(descriptor)).size();
}

Task<void> keep_being_late(const std::string& until_it_comes, int& turns) {
    while (until_it_comes.empty() && turns < 10'000) {
        ++turns;
        co_await sleep_until(now());
    }
}

}  // namespace

ASYNC_TEST("a task resumes when its descriptor becomes readable") {
    auto [here, there] = socket_pair();
    Descriptor descriptor(std::move(here));
    TaskGroup group;
    group.start(write_text, there.get(), "hello");
    CHECK(co_await read_some_text(descriptor) == "hello");
    group.start(write_text, there.get(), "again");
    CHECK(co_await read_some_text(descriptor) == "again");
    co_await group.join();
}

ASYNC_TEST("the end of the stream makes a descriptor readable, for good") {
    auto [here, there] = socket_pair();
    Descriptor descriptor(std::move(here));
    CHECK(::write(there.get(), "last", 4) == 4);
    there.reset();
    CHECK(co_await read_some_text(descriptor) == "last");
    descriptor.set_drained();
    co_await descriptor.readable();
    CHECK(co_await read_some_text(descriptor) == "");
    co_await descriptor.readable();
}

ASYNC_TEST("a writer waits for room, and every byte arrives") {
    auto [here, there] = socket_pair();
    Descriptor writer(std::move(here)), reader(std::move(there));
    std::size_t written = 0, read = 0;
    TaskGroup group;
    group.start(fill_up, std::ref(writer), std::ref(written));
    group.start(drain, std::ref(reader), std::ref(read));
    co_await group.join();
    CHECK(written >= 10'000'000);
    CHECK(read >= 10'000'000);
}

TEST_CASE("a wait for a descriptor can be given up, and tried again in another loop") {
    auto [here, there] = socket_pair();
    Descriptor descriptor(std::move(here));
    auto give_up = [](Descriptor& quiet) -> Task<bool> { co_return co_await within(1ms, quiet.readable()); };
    CHECK_FALSE(run(give_up(descriptor)));
    CHECK(::write(there.get(), "hello", 5) == 5);
    CHECK(EventLoop().run(read_some_text(descriptor)) == "hello");
    CHECK(::write(there.get(), "again", 5) == 5);
    CHECK(run(read_some_text(descriptor)) == "again");
}

ASYNC_TEST("timers that are always due do not hold up a descriptor") {
    auto [here, there] = socket_pair();
    Descriptor descriptor(std::move(here));
    CHECK(::write(there.get(), "hello", 5) == 5);
    std::string text;
    int turns = 0;
    TaskGroup group;
    group.start(keep_being_late, std::cref(text), std::ref(turns));
    co_await descriptor.readable();
    text = co_await read_some_text(descriptor);
    co_await group.join();
    CHECK(turns < 10);
}
