#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/message/response.hpp"
#include "plait/workers/thread_pool.hpp"

namespace plait::http::internal {

/// Writes the bodies of large answers to their files, so that a slow disk holds up only the calls that wait for it. The
/// bytes in memory are bounded by those who receive them: they receive no more while `SavedBody::is_behind`.
class BodyWriter {
  public:
    virtual ~BodyWriter() = default;

    /// Writes what is pending of the answer's body, if it has a file. Suspends until that is done, or `deadline` has
    /// passed: then throws `Error(timeout)`. Throws `Error(storage)`. `response` must outlive the task; a task that is
    /// cancelled leaves at once.
    virtual Task<void> write(const Response& response, TimePoint deadline) = 0;
};

/// Writes on other threads.
class ThreadBodyWriter final : public BodyWriter {
  public:
    Task<void> write(const Response& response, TimePoint deadline) override;

  private:
    // Each waits for one write at a time; more would only wait for the same disk.
    ThreadPool threads_{ThreadPoolOptions{.threads = 2}};
};

}  // namespace plait::http::internal
