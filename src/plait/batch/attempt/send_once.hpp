#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/http/session.hpp"

#include <string>

namespace plait::batch {

/// Sends `request` through `session`; both outlive the task. This is the edge of an attempt: here errors become values.
Task<Attempt> send_once(http::Session& session, const http::Request& request);
/// The same. Meanwhile the task has the name `name`, unless that is empty.
Task<Attempt> send_once(http::Session& session, const http::Request& request, std::string name);

}  // namespace plait::batch
