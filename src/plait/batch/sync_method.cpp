#include "plait/batch/sync_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/batch/send_once.hpp"

#include <utility>

namespace plait::batch {

SyncMethod::SyncMethod(MethodOptions options)
    : session_(std::move(options.session)), stop_(options.stop), grace_(options.grace) {}

Task<Attempt> SyncMethod::attempt(http::Request request) {
    Task<Attempt> send = send_once(session_, std::move(request));
    if (stop_) send = unless_stopped(std::move(send), *stop_, grace_);
    Attempt attempt = plait::run(std::move(send));
    // The loop that stood still takes a turn: it sees what time it is, and what came meanwhile.
    co_await sleep_for(Duration::zero());
    co_return attempt;
}

}  // namespace plait::batch
