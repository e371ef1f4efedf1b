#include "plait/batch/method/async_method.hpp"

#include "plait/batch/attempt/send_once.hpp"

#include <utility>

namespace plait::batch {

AsyncMethod::AsyncMethod(MethodOptions options)
    : session_(std::move(options.session)), concurrency_(options.concurrency) {}

Task<Attempt> AsyncMethod::attempt(const http::Request& request) { return send_once(session_, request); }

}  // namespace plait::batch
