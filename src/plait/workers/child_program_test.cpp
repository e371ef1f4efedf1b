#include "plait/workers/child_program.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <sys/wait.h>

#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait;
using namespace std::chrono_literals;

ASYNC_TEST("a program runs to its end and its output is kept") {
    std::vector<std::string> arguments{"sh", "-c", "echo one; echo two >&2; exit 3"};
    const EndedProgram ended = co_await run_program(std::move(arguments), 1h);
    CHECK(ended.said == "one\ntwo\n");
    CHECK(WIFEXITED(ended.wait_status));
    CHECK(WEXITSTATUS(ended.wait_status) == 3);
}

ASYNC_TEST("a program has an empty input, and of a long output only the end is kept") {
    std::vector<std::string> arguments{"sh", "-c", "cat; head -c 300000 /dev/zero | tr '\\0' x; echo end"};
    const EndedProgram ended = co_await run_program(std::move(arguments), 1h);
    CHECK(ended.said.size() < 200'000);
    CHECK(ended.said.ends_with("xend\n"));
}

ASYNC_TEST("a missing program is distinguished from one that fails") {
    std::vector<std::string> arguments{"no-such-program-anywhere"};
    ErrorCode code = ErrorCode::storage;
    try {
        co_await run_program(std::move(arguments), 1h);
    } catch (const Error& error) {
        code = error.code();
    }
    CHECK(code == ErrorCode::bad_input);
}

TEST_CASE("a program that hangs is killed with all that it started") {
    // This needs a real clock: a jumping clock would wait for the program.
    const auto hang = []() -> Task<void> {
        std::vector<std::string> arguments{"sh", "-c", "sleep 1000 & sleep 1000"};
        co_await run_program(std::move(arguments), 20ms);
    };
    ErrorCode code = ErrorCode::storage;
    try {
        plait::run(hang());
    } catch (const Error& error) {
        code = error.code();
    }
    CHECK(code == ErrorCode::timeout);
}
