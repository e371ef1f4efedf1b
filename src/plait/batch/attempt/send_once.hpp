#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/http/session.hpp"

#include <string>

namespace plait::batch {

/// Sends `request` through `session`; both outlive the task. Meanwhile the task has the name `name`, unless that is
/// empty.
Task<Attempt> send_once(http::Session& session, const http::Request& request, std::string name);

}  // namespace plait::batch
