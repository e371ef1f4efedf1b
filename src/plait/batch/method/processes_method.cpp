#include "plait/batch/method/processes_method.hpp"

#include "plait/batch/method/internal/attempt_loop.hpp"

#include <unistd.h>

#include <memory>
#include <utility>

namespace plait::batch {

namespace {

/// Set before the pool is made, because its processes are copies of this one at that moment.
http::SessionOptions session_of_the_workers;
bool workers_are_traced = false;

/// Each process gets an equal share of the memory for bodies.
std::shared_ptr<http::BodyMemory> share_of(const http::SessionOptions& session, std::size_t processes) {
    if (!session.body_memory) return std::make_shared<http::BodyMemory>(http::default_body_memory() / processes);
    const std::size_t share = session.body_memory->limit() / processes;
    const auto& folder = session.body_memory->folder();
    return folder ? std::make_shared<http::BodyMemory>(share, *folder) : std::make_shared<http::BodyMemory>(share);
}

ProcessPoolOptions pool_options(MethodOptions&& options) {
    session_of_the_workers = std::move(options.session);
    session_of_the_workers.body_memory = share_of(session_of_the_workers, options.concurrency);
    workers_are_traced = options.trace != nullptr;
    ProcessPoolOptions pool;
    pool.workers = options.concurrency;
    return pool;
}

}  // namespace

ProcessesMethod::ProcessesMethod(MethodOptions options)
    : processes_(options.concurrency), trace_(options.trace), pool_(pool_options(std::move(options))) {}

Task<Attempt> ProcessesMethod::attempt(const http::Request& request) {
    internal::WireRequest wire{http::Request(request)};
    try {
        internal::WireAttempt attempt = co_await pool_.submit(attempt_here, std::move(wire));
        co_return internal::record_attempt(std::move(attempt).unwrap(), trace_, trace::LaneKind::process);
    } catch (const WorkerDied& death) {
        co_return Failure(death.code(), death.what(), true);
    }
}

internal::WireAttempt ProcessesMethod::attempt_here(internal::WireRequest request) {
    static http::Session session(session_of_the_workers);
    static internal::AttemptLoop loop(workers_are_traced, static_cast<std::uint64_t>(::getpid()));
    const http::Request unwrapped = std::move(request).unwrap();
    return internal::WireAttempt(loop.run(session.try_send(unwrapped)));
}

}  // namespace plait::batch
