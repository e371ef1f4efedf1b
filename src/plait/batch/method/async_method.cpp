#include "plait/batch/method/async_method.hpp"

#include <utility>

namespace plait::batch {

AsyncMethod::AsyncMethod(MethodOptions options)
    : session_(std::move(options.session)), concurrency_(options.concurrency) {}

Task<Attempt> AsyncMethod::attempt(const http::Request& request) { return session_.try_send(request); }

}  // namespace plait::batch
