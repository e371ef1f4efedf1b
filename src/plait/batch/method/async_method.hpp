#pragma once

#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/http/session.hpp"

namespace plait::batch {

/// Runs each attempt on the calling loop, among all the others.
class AsyncMethod final : public Method {
  public:
    explicit AsyncMethod(MethodOptions options);

    Task<Attempt> attempt(const http::Request& request) override;
    std::size_t most_in_flight() const noexcept override { return concurrency_; }

  private:
    http::Session session_;
    std::size_t concurrency_;
};

}  // namespace plait::batch
