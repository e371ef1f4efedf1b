#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"

namespace plait {

/// Waits until the calling task is cancelled, and then throws `Cancelled` as every wait does.
inline Task<void> wait_until_cancelled() {
    Event never;
    co_await never.wait();
}

}  // namespace plait
