#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/http/message/request.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

class Call;
class CallRules;

/// A worker on another machine, as a run sees it.
class RemoteWorker {
  public:
    RemoteWorker() {}

    std::string host;
    std::string version;
    std::size_t slots = 0;      ///< calls that it can make at a time
    std::size_t in_flight = 0;  ///< calls that it makes
    std::uint64_t calls = 0;    ///< calls that it was given
    bool is_leaving = false;
    std::optional<TimePoint> lost_at;
    std::size_t lost_calls = 0;  ///< calls that it made when it was lost
};

/// Makes the attempts of calls: on the calling loop, a thread, a process. Each method is one way to run them.
class Method {
  public:
    virtual ~Method() = default;

    /// Sends `request` once. The result is a value, even if it is a failure; only `Cancelled` is thrown. The method and
    /// the request outlive the task.
    virtual Task<Attempt> attempt(const http::Request& request) = 0;

    /// The same for a method that wants to know the call. `rules`: those of the request, which are the call's unless it
    /// follows an answer. All outlive the task.
    virtual Task<Attempt> attempt_of(const Call& call, const CallRules& rules, const http::Request& request) {
        static_cast<void>(call);
        static_cast<void>(rules);
        return attempt(request);
    }

    /// Returns the most attempts that it makes at a time.
    virtual std::size_t most_in_flight() const noexcept = 0;

    /// Whether an attempt blocks the calling loop.
    virtual bool blocks_loop() const noexcept { return false; }

    /// Returns the loops of other threads that make an attempt now, the oldest attempt first; `inspect` looks into
    /// them.
    virtual std::vector<LoopHandle> worker_loops() const { return {}; }

    // For methods whose workers are elsewhere, and come and go.

    /// Awaited before the first attempt: when it ends, attempts can be made. Throws `Error`.
    virtual Task<void> begin() { co_return; }
    /// Runs beside all attempts, from before `begin` until it is cancelled after `end`. Throws `Error` when no attempt
    /// can be made any more.
    virtual Task<void> work() { co_return; }
    /// Awaited after the results of all attempts were written. `has_finished`: all calls have one. It is not called
    /// after an error.
    virtual Task<void> end(bool /*has_finished*/) { co_return; }

    /// Calls `changed` now, and whenever the number of attempts changes that can be made at a time, until it is called
    /// with an empty function. A method that never calls it can always make `most_in_flight`.
    virtual void follow_room(std::function<void(std::size_t room)> /*changed*/) {}

    /// Returns what to call, on the calling loop, when the result of the call at a line was written. Empty: the method
    /// does not want to know. The method outlives it.
    virtual std::function<void(std::uint64_t line)> follow_results() { return {}; }

    /// Whether the attempt of an earlier run at this call goes on, and the next attempt at it (`attempt_of`) waits for
    /// its end instead of sending the request.
    virtual bool takes_over(std::string_view /*custom_id*/) { return false; }

    /// Returns the workers on other machines, also those that were lost.
    virtual std::vector<RemoteWorker> remote_workers() const { return {}; }
};

}  // namespace plait::batch
