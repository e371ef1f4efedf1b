#include "plait/async/hosted_loop.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/dump.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

bool is_readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

/// The smallest host: waits for nothing but the loop.
void drive_until_empty(HostedLoop& loop) {
    loop.run_ready();
    while (loop.size() > 0) {
        pollfd entry{loop.fd(), POLLIN, 0};
        REQUIRE(::poll(&entry, 1, 10'000) == 1);
        loop.turn();
    }
}

struct Pair {
    Pair() {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        ours = std::make_unique<Descriptor>(UniqueFd(ends[0]));
        theirs = UniqueFd(ends[1]);
    }
    void answer(std::string_view text) const {
        REQUIRE(::write(theirs.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    std::unique_ptr<Descriptor> ours;
    UniqueFd theirs;
};

Task<void> receive(Descriptor& from, std::string& into) {
    char bytes[16];
    ssize_t got;
    while ((got = ::read(from.fd(), bytes, sizeof bytes)) < 0 && errno == EAGAIN) {
        from.set_drained();
        co_await from.readable();
    }
    into.assign(bytes, static_cast<std::size_t>(got));
}

Task<void> sleep_and_note(Duration duration, std::string& notes, char note) {
    co_await sleep_for(duration);
    notes.push_back(note);
}

Task<void> note_turns(int turns, std::string& notes, char note) {
    for (int i = 0; i < turns; ++i) {
        notes.push_back(note);
        co_await yield();
    }
}

Task<void> wait_inside(CancelScope& scope, Event& never, std::string& end) {
    const bool came = co_await scope.run(never.wait());
    end = came ? "came" : "cancelled";
}

class Leaving {
  public:
    explicit Leaving(int& left) noexcept : left_(left) {}
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    ~Leaving() { ++left_; }

  private:
    int& left_;
};

Task<void> wait_for_ever(Event& never, int& left) {
    const Leaving leaving(left);
    co_await never.wait();
}

Task<void> fail(const char* reason) {
    co_await yield();
    throw std::runtime_error(reason);
}

class Setting final : public RemoteCall {
  public:
    explicit Setting(Event& event) noexcept : event_(event) {}
    void arrive() noexcept override { event_.set(); }

  private:
    Event& event_;
};

Task<void> wait_for(Event& event) { co_await event.wait(); }

}  // namespace

TEST_CASE("a hosted loop is driven by a host that watches its descriptor") {
    Pair pair;
    HostedLoop loop;
    std::string text;
    loop.start(receive(*pair.ours, text));
    loop.run_ready();
    CHECK(loop.size() == 1);

    pair.answer("hello");
    drive_until_empty(loop);
    CHECK(text == "hello");
    loop.turn();  // takes what is left to report
    CHECK_FALSE(is_readable(loop.fd()));
}

TEST_CASE("a hosted loop with nothing to do leaves its host alone") {
    Pair pair;  // outlives the loop, whose task uses it
    HostedLoop loop;
    std::string text;
    loop.start(receive(*pair.ours, text));
    loop.turn();
    loop.turn();  // the kernel reports once that the new socket is writable
    CHECK_FALSE(is_readable(loop.fd()));
}

TEST_CASE("a hosted loop can be watched through another epoll, level- or edge-triggered") {
    for (const std::uint32_t trigger : {0U, static_cast<std::uint32_t>(EPOLLET)}) {
        const UniqueFd outer(::epoll_create1(EPOLL_CLOEXEC));
        HostedLoop loop;
        epoll_event watched{};
        watched.events = EPOLLIN | trigger;
        REQUIRE(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, loop.fd(), &watched) == 0);
        Pair pair;
        for (int round = 0; round < 3; ++round) {
            std::string text;
            loop.start(receive(*pair.ours, text));
            loop.run_ready();
            pair.answer("again");
            while (loop.size() > 0) {
                epoll_event event{};
                REQUIRE(::epoll_wait(outer.get(), &event, 1, 10'000) == 1);
                loop.turn();
            }
            CHECK(text == "again");
        }
    }
}

TEST_CASE("a deadline makes a hosted loop's descriptor readable") {
    HostedLoop loop;
    std::string notes;
    const TimePoint start = SteadyClock::instance().now();
    loop.start(sleep_and_note(30ms, notes, 'b'));
    loop.start(sleep_and_note(20ms, notes, 'a'));
    drive_until_empty(loop);
    CHECK(notes == "ab");
    CHECK(SteadyClock::instance().now() - start >= 30ms);
}

TEST_CASE("a hosted loop fires what is due by its own clock") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    HostedLoop loop(options);
    std::string notes;
    loop.start(sleep_and_note(1h, notes, 'a'));
    loop.start(sleep_and_note(2h, notes, 'b'));
    loop.turn();
    CHECK(notes.empty());
    clock.advance(1h);
    while (notes.empty()) loop.turn();  // late timers wait a turn for what may have come before them
    CHECK(notes == "a");
    clock.advance(1h);
    while (loop.size() > 0) loop.turn();
    CHECK(notes == "ab");
}

TEST_CASE("events that came while the host was busy are handled before time-outs fire") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    Pair pair;
    HostedLoop loop(options);
    std::string text;
    auto limited = [](Descriptor& from, std::string& into) -> Task<void> {
        if (!co_await within(1s, receive(from, into))) into = "too late";
    };
    loop.start(limited(*pair.ours, text));
    loop.turn();
    pair.answer("in time");
    clock.advance(1h);  // the host did something else
    while (loop.size() > 0) loop.turn();
    CHECK(text == "in time");
}

TEST_CASE("a hosted loop with more ready tasks than fit into a turn asks for another one") {
    HostedLoop loop;
    std::string notes;
    loop.start(note_turns(2'000, notes, 'x'));
    loop.turn();
    CHECK(notes.size() < 2'000);
    CHECK(is_readable(loop.fd()));
    drive_until_empty(loop);
    CHECK(notes.size() == 2'000);
}

TEST_CASE("a thread's post makes a hosted loop's descriptor readable, before the first turn and after") {
    HostedLoop loop;
    for (int round = 0; round < 3; ++round) {
        Event event;
        Setting setting(event);
        loop.start(wait_for(event));
        std::thread([&] { CHECK(loop.handle().post(setting)); }).join();
        CHECK(is_readable(loop.fd()));
        drive_until_empty(loop);
        CHECK_FALSE(is_readable(loop.fd()));
    }
}

TEST_CASE("a scope is cancelled from outside of a hosted loop") {
    CancelScope scope;
    Event never;
    std::string end;
    HostedLoop loop;
    loop.start(wait_inside(scope, never, end));
    loop.run_ready();
    loop.cancel(scope);
    CHECK(end.empty());
    loop.run_ready();
    CHECK(end == "cancelled");
    CHECK(loop.size() == 0);
}

TEST_CASE("the tasks of a hosted loop are dropped where they wait, and others can be started") {
    Event never;
    int left = 0;
    HostedLoop loop;
    for (int i = 0; i < 3; ++i) loop.start(wait_for_ever(never, left));
    loop.run_ready();
    std::string notes;
    loop.start(sleep_and_note(1h, notes, 'a'));  // has not run yet
    loop.drop_all();
    CHECK(left == 3);
    CHECK(loop.size() == 0);

    loop.start(note_turns(1, notes, 'b'));
    drive_until_empty(loop);
    CHECK(notes == "b");
}

TEST_CASE("a hosted loop that is destroyed drops its tasks") {
    Event never;
    int left = 0;
    {
        HostedLoop loop;
        loop.start(wait_for_ever(never, left));
        loop.run_ready();
    }
    CHECK(left == 1);
}

TEST_CASE("the error of a hosted task is thrown by the turn in which it failed, and the others go on") {
    HostedLoop loop;
    std::string notes;
    loop.start(fail("first"));
    loop.start(fail("second"));
    loop.start(note_turns(3, notes, 'x'));
    CHECK_THROWS_WITH(loop.turn(), "first");
    CHECK(notes == "xxx");
    CHECK_NOTHROW(loop.turn());
}

TEST_CASE("a hosted loop moves between threads") {
    Pair pair;
    HostedLoop loop;
    for (int round = 0; round < 2; ++round) {
        std::string text;
        std::thread([&] {
            loop.start(receive(*pair.ours, text));
            loop.run_ready();
        }).join();
        pair.answer("moved");
        std::thread([&] { drive_until_empty(loop); }).join();
        CHECK(text == "moved");
    }
}

TEST_CASE("a task of a hosted loop runs a loop of its own") {
    HostedLoop loop;
    std::string notes;
    auto nested = [](HostedLoop& host, std::string& written) -> Task<void> {
        CHECK(host.is_in_turn());
        run(sleep_and_note(1ms, written, 'n'));
        CHECK(host.is_in_turn());
        co_return;
    };
    loop.start(nested(loop, notes));
    drive_until_empty(loop);
    CHECK(notes == "n");
    CHECK_FALSE(loop.is_in_turn());
}

TEST_CASE("the tasks of a hosted loop can be inspected") {
    Event never;
    int left = 0;
    HostedLoop loop;
    loop.start(wait_for_ever(never, left), "waiter");
    loop.run_ready();
    const LoopInfo info = inspect(loop);
    REQUIRE(info.tasks.size() == 1);
    CHECK(info.tasks.front().name == "waiter");
    CHECK(info.tasks.front().wait == trace::Wait::event);
    CHECK(loop.statistics().waiting == 1);
}

TEST_CASE("a forked child that closes its copies of descriptors leaves the parent's loop as it is") {
    HostedLoop loop;
    auto pair = std::make_unique<Pair>();
    std::string text;
    loop.start(receive(*pair->ours, text));
    loop.run_ready();
    pair->answer("before");
    drive_until_empty(loop);
    CHECK(loop.is_own());

    const pid_t child = ::fork();
    if (child == 0) {
        const bool knows = !loop.is_own();
        pair.reset();  // known to the kernel's list, which is the parent's, too
        ::_exit(knows ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);

    loop.start(receive(*pair->ours, text));
    loop.run_ready();
    pair->answer("after");
    drive_until_empty(loop);
    CHECK(text == "after");
}
