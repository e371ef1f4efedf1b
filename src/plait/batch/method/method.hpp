#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/http/message/request.hpp"

#include <cstddef>
#include <vector>

namespace plait::batch {

class Call;

/// Makes the attempts of calls: on the calling loop, a thread, a process. Each method is one way to run them.
class Method {
  public:
    virtual ~Method() = default;

    /// Sends `request` once. The result is a value, even if it is a failure; only `Cancelled` is thrown. The method and
    /// the request outlive the task.
    virtual Task<Attempt> attempt(const http::Request& request) = 0;

    /// The same for a method that wants to know the call. It outlives the task, too.
    virtual Task<Attempt> attempt_of(const Call& call, const http::Request& request) {
        static_cast<void>(call);
        return attempt(request);
    }

    /// Returns the most attempts that it makes at a time.
    virtual std::size_t most_in_flight() const noexcept = 0;

    /// Whether an attempt blocks the calling loop.
    virtual bool blocks_loop() const noexcept { return false; }

    /// Returns the loops of other threads that make an attempt now, the oldest attempt first; `inspect` looks into
    /// them.
    virtual std::vector<LoopHandle> worker_loops() const { return {}; }
};

}  // namespace plait::batch
