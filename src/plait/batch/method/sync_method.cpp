#include "plait/batch/method/sync_method.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_name.hpp"
#include "plait/batch/attempt/send_once.hpp"

#include <string>
#include <utility>

namespace plait::batch {

SyncMethod::SyncMethod(MethodOptions options)
    : session_(std::move(options.session)),
      trace_(options.trace),
      loop_(options.trace),
      stop_(options.stop),
      status_(options.status),
      grace_(options.grace) {}

Task<Attempt> SyncMethod::attempt(const http::Request& request) {
    Task<Attempt> send = send_once(session_, request, std::string(TaskName::current()));
    if (stop_) send = unless_stopped(std::move(send), *stop_, grace_, status_);
    keep_loop_on_purpose();
    Attempt attempt = internal::record_attempt(loop_.run(std::move(send)), trace_, trace::LaneKind::caller);
    // The blocked loop takes a turn, to read the clock and take in what came meanwhile.
    co_await sleep_for(Duration::zero());
    co_return attempt;
}

}  // namespace plait::batch
