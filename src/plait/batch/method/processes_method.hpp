#pragma once

#include "plait/batch/method/internal/wire.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/workers/process_pool.hpp"

namespace plait::batch {

/// Runs each attempt to its end in a process of a pool, which has a session of its own. If the process dies, only its
/// attempt fails.
class ProcessesMethod final : public Method {
  public:
    explicit ProcessesMethod(MethodOptions options);

    Task<Attempt> attempt(const http::Request& request) override;
    std::size_t most_in_flight() const noexcept override { return processes_; }

  private:
    static internal::WireAttempt attempt_here(internal::WireRequest request);

    std::size_t processes_;
    trace::TraceFile* trace_;
    ProcessPool pool_;
};

}  // namespace plait::batch
