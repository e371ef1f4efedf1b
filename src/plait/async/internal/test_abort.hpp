#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace plait::internal {

/// For tests: runs `body` in a loop of a child process that has to abort. Returns its standard error.
inline std::string output_of_abort(Task<void> (*body)()) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);  // not the test framework's
        ::dup2(ends[1], STDERR_FILENO);
        EventLoop().run(body());
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string said;
    char bytes[4096];
    for (ssize_t got; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;)
        said.append(bytes, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    return said;
}

}  // namespace plait::internal
