#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/http/session.hpp"

#include <string>

namespace plait::batch {

/// Sends `request` through `session`; both outlive the task. The edge of an attempt: here errors become values. The
/// task is called `name` meanwhile, unless that is empty.
Task<Attempt> send_once(http::Session& session, const http::Request& request, std::string name = {});

}  // namespace plait::batch
