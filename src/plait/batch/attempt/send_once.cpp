#include "plait/batch/attempt/send_once.hpp"

#include "plait/async/task_name.hpp"

#include <optional>
#include <utility>

namespace plait::batch {

namespace {

// Its variables are not those of `send_once`, whose frame lives as long as the attempt waits.
Failure failure_of(const http::SendError& error) {
    Failure failure(error.code(), error.what(), error.maybe_sent(), error.was_stale(), error.was_refused());
    failure.is_permanent = error.is_permanent();
    failure.partial = error.partial();
    failure.connection = error.connection();
    return failure;
}

}  // namespace

Task<Attempt> send_once(http::Session& session, const http::Request& request) {
    try {
        co_return co_await session.send_by_reference(request);
    } catch (const http::SendError& error) {
        co_return failure_of(error);
    }
}

Task<Attempt> send_once(http::Session& session, const http::Request& request, std::string name) {
    std::optional<TaskName> named;
    if (!name.empty()) named.emplace(name);
    co_return co_await send_once(session, request);
}

}  // namespace plait::batch
