#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/http/request.hpp"

#include <cstddef>
#include <vector>

namespace plait::batch {

/// Who runs an attempt, and who decides when to switch between several.
class Method {
  public:
    virtual ~Method() = default;

    /// Sends `request` once. Whatever comes of it is a value; only cancellation is thrown. The method and the request
    /// outlive the task.
    virtual Task<Attempt> attempt(const http::Request& request) = 0;

    /// How many attempts it really makes at a time.
    virtual std::size_t most_in_flight() const noexcept = 0;

    /// Whether the calling loop stands still during an attempt.
    virtual bool blocks_loop() const noexcept { return false; }

    /// The loops of other threads that make an attempt now, the oldest attempt first; to be looked at (see `inspect`).
    virtual std::vector<LoopHandle> worker_loops() const { return {}; }
};

}  // namespace plait::batch
