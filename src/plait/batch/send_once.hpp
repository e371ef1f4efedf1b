#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/attempt.hpp"
#include "plait/http/session.hpp"

namespace plait::batch {

/// Sends `request` through `session`, which outlives the task. The edge of an attempt: here errors become values.
Task<Attempt> send_once(http::Session& session, http::Request request);

}  // namespace plait::batch
