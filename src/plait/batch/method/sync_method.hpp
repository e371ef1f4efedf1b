#pragma once

#include "plait/batch/method/internal/attempt_loop.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/http/session.hpp"

namespace plait::batch {

/// Runs each attempt to its end on the calling thread, and blocks its loop meanwhile.
class SyncMethod final : public Method {
  public:
    explicit SyncMethod(MethodOptions options);

    Task<Attempt> attempt(const http::Request& request) override;
    bool blocks_loop() const noexcept override { return true; }
    std::size_t most_in_flight() const noexcept override { return 1; }

  private:
    http::Session session_;
    trace::TraceFile* trace_;
    internal::AttemptLoop loop_;
    const StopRequest* stop_;
    StatusRequest* status_;
    Duration grace_;
};

}  // namespace plait::batch
