#pragma once

#include "plait/base/error.hpp"

#include <string>

namespace plait::http::internal {

/// The proxy refused, or can't be used. Nothing has reached the server.
class ProxyError : public Error {
  public:
    ProxyError(const std::string& message, bool is_permanent)
        : Error(ErrorCode::proxy, message), is_permanent_(is_permanent) {}

    /// Whether the same request will be refused again: by a rule, or for want of the right credentials.
    bool is_permanent() const noexcept { return is_permanent_; }

  private:
    bool is_permanent_;
};

}  // namespace plait::http::internal
