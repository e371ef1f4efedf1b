#include "plait/cli/screen/interrupts.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/cli/screen/exit_code.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

using namespace plait;
using namespace plait::cli;

namespace {

/// The wait status of a process that runs `body` in a loop.
int end_of(Task<void> (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        EventLoop().run(body());
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

bool is_exit(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

}  // namespace

TEST_CASE("two interruptions call the function in the loop, and the third ends the program") {
    const int status = end_of(+[]() -> Task<void> {
        int calls = 0;
        batch::StopRequest stop;
        const Interrupts interrupts([&] { ++calls; }, &stop);
        for (const int signal : {SIGINT, SIGTERM}) {
            ::raise(signal);
            const int expected = stop.times();
            while (calls < expected) co_await yield();
        }
        ::raise(SIGINT);
        ::_exit(0);
    });
    CHECK(is_exit(status, exit_stopped));
}

TEST_CASE("a closing terminal interrupts once, however many signals it sends") {
    const int status = end_of(+[]() -> Task<void> {
        ::signal(SIGHUP, SIG_DFL);
        int calls = 0;
        std::optional<Interrupts> interrupts(std::in_place, [&] { ++calls; });
        for (int n = 0; n < 3; ++n) ::raise(SIGHUP);
        while (calls == 0) co_await yield();
        co_await yield();
        if (calls != 1) ::_exit(1);
        interrupts.reset();
        ::raise(SIGHUP);  // while the program ends
    });
    CHECK(is_exit(status, 0));
}

TEST_CASE("a closing terminal interrupts nothing under nohup") {
    const int status = end_of(+[]() -> Task<void> {
        ::signal(SIGHUP, SIG_IGN);
        int calls = 0;
        std::optional<Interrupts> interrupts(std::in_place, [&] { ++calls; });
        ::raise(SIGHUP);
        for (int n = 0; n < 3; ++n) co_await yield();
        interrupts.reset();
        ::raise(SIGHUP);
        ::_exit(calls);
    });
    CHECK(is_exit(status, 0));
}

TEST_CASE("a second interruption while the program ends ends it with the code for stopped") {
    const int status = end_of(+[]() -> Task<void> {
        std::optional<Interrupts> interrupts(std::in_place, [] {});
        ::raise(SIGINT);
        interrupts.reset();
        ::raise(SIGINT);
        co_return;
    });
    CHECK(is_exit(status, exit_stopped));
}

TEST_CASE("a first interruption while the program ends kills it") {
    const int status = end_of(+[]() -> Task<void> {
        std::optional<Interrupts> interrupts(std::in_place, [] {});
        interrupts.reset();
        ::raise(SIGINT);
        co_return;
    });
    CHECK(WIFSIGNALED(status));
}
