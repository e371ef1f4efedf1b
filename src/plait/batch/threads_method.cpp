#include "plait/batch/threads_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/send_once.hpp"

#include <utility>

namespace plait::batch {

ThreadsMethod::ThreadsMethod(MethodOptions options)
    : session_options_(std::make_shared<const http::SessionOptions>(std::move(options.session))),
      threads_(options.concurrency),
      pool_(ThreadPoolOptions{.threads = options.concurrency}) {}

Task<Attempt> ThreadsMethod::attempt(http::Request request) {
    return pool_.submit_abandonable(attempt_here, session_options_, std::move(request));
}

Attempt ThreadsMethod::attempt_here(SharedOptions options, http::Request request) {
    // The threads belong to one method, so the session is made with its options.
    thread_local http::Session session(*options);
    return plait::run(send_once(session, std::move(request)));
}

}  // namespace plait::batch
