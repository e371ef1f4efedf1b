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

/// Returns what `initializer` throws, as a text; empty when it throws nothing.
std::string failure_of(void (*initializer)()) {
    try {
        if (initializer) initializer();
        return "";
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "something that is no std::exception was thrown";
    }
}

void limit_memory(std::uint64_t bytes) {
    const rlimit limit{bytes, bytes};
    if (bytes > 0) ::setrlimit(RLIMIT_AS, &limit);
}

/// Ends the process without the program's exit handlers, which are for the parent to run. Flushes what jobs printed.
[[noreturn]] void leave() {
    std::fflush(nullptr);
    ::_exit(EXIT_SUCCESS);
}

ResultBoard receive_board(PacketReader& reader, const UniqueFd& socket) {
    Welcome welcome;
    UniqueFd file;
    if (reader.receive_packet(socket.get(), reinterpret_cast<char*>(&welcome), sizeof welcome, file) !=
        Received::message)
        leave();
    return ResultBoard(file);
}

/// Returns the bytes of a job's items. If there is no memory to map them, that becomes the outcome of the first item.
std::string_view bytes_or_failure(Payload& payload, OutcomeHead& failure, std::string& text) {
    try {
        return payload.bytes();
    } catch (const std::exception& exception) {
        text = exception.what();
        failure = {OutcomeHead::Kind::exception, ErrorCode::worker_died, text.size()};
        return {};
    }
}

/// Runs the job and replies. Returns false when the program no longer reads replies.
bool carry_out(const JobHead& job, Payload& payload, ResultBoard& result_board, int socket) {
    ReplyHead reply;
    std::string text;
    const std::string_view bytes = bytes_or_failure(payload, reply.beside_board, text);
    if (!text.empty()) {
        reply.has_beside_board = true;
        return send_message(socket, bytes_of(reply), Payload(std::move(text)));
    }
    JobItems items(bytes, job.items, job.most, job.rules, result_board);
    job.perform(job.function, items);
    reply.took = items.took();
    reply.on_board = items.on_board();
    if (const auto beside = items.beside_board()) {
        reply.has_beside_board = true;
        reply.beside_board = *beside;
        return send_message(socket, bytes_of(reply), items.take_beside_board());
    }
    return send_message(socket, bytes_of(reply), Payload());
}

}  // namespace

void be_worker(const UniqueFd& socket, const WorkerSetup& setup) {
    limit_memory(setup.memory_limit);
    PacketReader reader;
    ResultBoard result_board = receive_board(reader, socket);
    if (std::string failure = failure_of(setup.initializer); !failure.empty()) {
        ReplyHead not_ready;
        not_ready.kind = ReplyHead::Kind::not_ready;
        send_message(socket.get(), bytes_of(not_ready), Payload(std::move(failure)));
        leave();
    }
    for (;;) {
        JobHead job{};
        Payload payload;
        if (reader.receive_message(socket.get(), job, payload) != Received::message) leave();
        if (!carry_out(job, payload, result_board, socket.get())) leave();
    }
}

}  // namespace plait::internal
