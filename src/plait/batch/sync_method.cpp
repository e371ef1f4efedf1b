#include "plait/batch/sync_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/batch/send_once.hpp"

#include <utility>

namespace plait::batch {

SyncMethod::SyncMethod(MethodOptions options) : session_(std::move(options.session)) {}

Task<Attempt> SyncMethod::attempt(http::Request request) {
    Attempt attempt = plait::run(send_once(session_, std::move(request)));
    co_await yield();  // the loop that stood still looks at the clock again
    co_return attempt;
}

}  // namespace plait::batch
