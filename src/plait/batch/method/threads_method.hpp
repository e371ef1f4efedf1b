#pragma once

#include "plait/batch/method/internal/attempt_loop.hpp"
#include "plait/batch/method/internal/loop_register.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/http/session.hpp"
#include "plait/workers/thread_pool.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// Runs each attempt to its end on a thread of a pool, which has a session of its own.
class ThreadsMethod final : public Method {
  public:
    explicit ThreadsMethod(MethodOptions options);

    /// When the task is cancelled, the thread finishes its attempt, and the result is dropped.
    Task<Attempt> attempt(const http::Request& request) override;
    std::size_t most_in_flight() const noexcept override { return threads_; }
    std::vector<LoopHandle> worker_loops() const override { return shared_->loops.all(); }

  private:
    /// The state of attempts that outlive the method.
    class Shared {
      public:
        Shared(http::SessionOptions options, bool traced);

        const http::SessionOptions session;
        const bool is_traced;
        std::atomic<std::uint64_t> threads_seen = 0;
        internal::LoopRegister loops;
    };
    static internal::RecordedAttempt attempt_here(std::shared_ptr<Shared> shared, http::Request request,
                                                  std::string name);
    static Task<Attempt> send_registered(std::shared_ptr<Shared> shared, http::Session& session, http::Request request,
                                         std::string name);

    std::shared_ptr<Shared> shared_;
    trace::TraceFile* trace_;
    std::size_t threads_;
    ThreadPool pool_;
};

}  // namespace plait::batch
