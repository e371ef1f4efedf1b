#include "plait/batch/sync_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/send_once.hpp"

#include <utility>

namespace plait::batch {

SyncMethod::SyncMethod(MethodOptions options) : session_(std::move(options.session)) {}

Task<Attempt> SyncMethod::attempt(http::Request request) {
    co_return plait::run(send_once(session_, std::move(request)));
}

}  // namespace plait::batch
