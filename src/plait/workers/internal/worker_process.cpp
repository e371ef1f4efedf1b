#include "plait/workers/internal/worker_process.hpp"

#include "plait/workers/internal/packets.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace plait::internal {

namespace {

struct Reply {
    ReplyHead head;
    std::string body;
};

/// What `work` gives, or what it throws, as a reply.
template <class Work>
Reply reply_of(Work work, ReplyHead::Kind kind_of_exceptions) {
    try {
        return {{ReplyHead::Kind::result}, work()};
    } catch (const Error& error) {
        const bool keep_code = kind_of_exceptions == ReplyHead::Kind::exception;
        return {{keep_code ? ReplyHead::Kind::error : kind_of_exceptions, error.code()}, error.what()};
    } catch (const std::exception& exception) {
        return {{kind_of_exceptions}, exception.what()};
    } catch (...) {
        return {{kind_of_exceptions}, "something that is no std::exception was thrown"};
    }
}

void limit_memory(std::uint64_t bytes) {
    const rlimit limit{bytes, bytes};
    if (bytes > 0) ::setrlimit(RLIMIT_AS, &limit);
}

/// Ends the process without what the program does at its end: that is the parent's. What jobs printed is printed.
[[noreturn]] void leave() {
    std::fflush(nullptr);
    ::_exit(EXIT_SUCCESS);
}

}  // namespace

void be_worker(const UniqueFd& socket, const WorkerSetup& setup) {
    limit_memory(setup.memory_limit);
    PacketReader reader;
    const Reply ready = reply_of(
        [&] {
            if (setup.initializer) setup.initializer();
            return std::string();
        },
        ReplyHead::Kind::not_ready);
    if (ready.head.kind != ReplyHead::Kind::result) {
        send_message(socket.get(), bytes_of(ready.head), ready.body);
        leave();
    }
    for (;;) {
        JobHead job{};
        std::string arguments;
        if (reader.receive_message(socket.get(), job, arguments) != Received::message) leave();
        const Reply reply = reply_of([&] { return job.perform(job.function, arguments); }, ReplyHead::Kind::exception);
        if (!send_message(socket.get(), bytes_of(reply.head), reply.body)) leave();
    }
}

}  // namespace plait::internal
