#pragma once

#include "plait/batch/method.hpp"
#include "plait/batch/methods.hpp"
#include "plait/http/session.hpp"
#include "plait/workers/thread_pool.hpp"

#include <memory>

namespace plait::batch {

/// A thread of a pool runs the attempt to its end, with a session of its own.
class ThreadsMethod final : public Method {
  public:
    explicit ThreadsMethod(MethodOptions options);

    /// When it is cancelled, the thread is left to its attempt, which nobody waits for any more.
    Task<Attempt> attempt(http::Request request) override;
    std::size_t most_in_flight() const noexcept override { return threads_; }

  private:
    using SharedOptions = std::shared_ptr<const http::SessionOptions>;
    static Attempt attempt_here(SharedOptions options, http::Request request);

    SharedOptions session_options_;  // shared with attempts that outlive the method
    std::size_t threads_;
    ThreadPool pool_;
};

}  // namespace plait::batch
