#include "plait/batch/processes_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/send_once.hpp"

#include <utility>

namespace plait::batch {

namespace {

/// Set before the pool is made: its processes are copies of this one as it is then.
http::SessionOptions session_of_the_workers;

ProcessPoolOptions pool_options(MethodOptions&& options) {
    session_of_the_workers = std::move(options.session);
    ProcessPoolOptions pool;
    pool.workers = options.concurrency;
    return pool;
}

}  // namespace

ProcessesMethod::ProcessesMethod(MethodOptions options)
    : processes_(options.concurrency), pool_(pool_options(std::move(options))) {}

Task<Attempt> ProcessesMethod::attempt(http::Request request) {
    internal::WireRequest wire(std::move(request));
    try {
        internal::WireAttempt attempt = co_await pool_.submit(attempt_here, std::move(wire));
        co_return std::move(attempt).unwrap();
    } catch (const WorkerDied& death) {
        co_return Failure(death.code(), death.what(), true);
    }
}

internal::WireAttempt ProcessesMethod::attempt_here(internal::WireRequest request) {
    static http::Session session(session_of_the_workers);
    return internal::WireAttempt(plait::run(send_once(session, std::move(request).unwrap())));
}

}  // namespace plait::batch
