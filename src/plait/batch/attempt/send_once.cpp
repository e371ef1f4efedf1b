#include "plait/batch/attempt/send_once.hpp"

#include "plait/async/task_name.hpp"

#include <optional>
#include <utility>

namespace plait::batch {

Task<Attempt> send_once(http::Session& session, const http::Request& request, std::string name) {
    std::optional<TaskName> named;
    if (!name.empty()) named.emplace(name);
    co_return co_await session.try_send(request);
}

}  // namespace plait::batch
