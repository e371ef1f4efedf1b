#include "plait/batch/method/threads_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/task_name.hpp"
#include "plait/batch/attempt/send_once.hpp"

#include <utility>

namespace plait::batch {

namespace {

/// Each thread has its own session. The sessions share what they learn of servers, and one bound on memory.
http::SessionOptions for_many_sessions(http::SessionOptions options) {
    if (!options.habits) options.habits = std::make_shared<http::OriginHabits>();
    if (!options.body_memory) options.body_memory = std::make_shared<http::BodyMemory>(http::default_body_memory());
    return options;
}

}  // namespace

ThreadsMethod::Shared::Shared(http::SessionOptions options, bool traced)
    : session(for_many_sessions(std::move(options))), is_traced(traced) {}

ThreadsMethod::ThreadsMethod(MethodOptions options)
    : shared_(std::make_shared<Shared>(std::move(options.session), options.trace != nullptr)),
      trace_(options.trace),
      threads_(options.concurrency),
      pool_(ThreadPoolOptions{.threads = options.concurrency}) {}

Task<Attempt> ThreadsMethod::attempt(const http::Request& request) {
    internal::RecordedAttempt recorded =
        co_await pool_.submit_abandonable(attempt_here, shared_, request, std::string(TaskName::current()));
    co_return internal::record_attempt(std::move(recorded), trace_, trace::LaneKind::thread);
}

internal::RecordedAttempt ThreadsMethod::attempt_here(std::shared_ptr<Shared> shared, http::Request request,
                                                      std::string name) {
    // The threads belong to one method, so the session is made with its options.
    thread_local http::Session session(shared->session);
    thread_local internal::AttemptLoop loop(shared->is_traced, ++shared->threads_seen);
    return loop.run(send_registered(std::move(shared), session, std::move(request), std::move(name)));
}

Task<Attempt> ThreadsMethod::send_registered(std::shared_ptr<Shared> shared, http::Session& session,
                                             http::Request request, std::string name) {
    const internal::LoopRegister::Stay stay(shared->loops);
    co_return co_await send_once(session, request, std::move(name));
}

}  // namespace plait::batch
