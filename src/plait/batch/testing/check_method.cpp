#include "plait/batch/testing/check_method.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/parts/remote_call.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/mock/mock_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace plait::testing {

namespace {

/// A mock server on a thread of its own, because a method may block the loop of its caller.
class ServerThread {
  public:
    ServerThread() : server_(mock::MockOptions()), thread_([this] { loop_.run(serve(scope_, server_)); }) {}
    ServerThread(const ServerThread&) = delete;
    ServerThread& operator=(const ServerThread&) = delete;
    ~ServerThread() {
        loop_.handle().post(stop_);
        thread_.join();
    }

    std::string url(const std::string& path) const { return server_.url() + path; }

  private:
    class Stop final : public RemoteCall {
      public:
        explicit Stop(CancelScope& scope) noexcept : scope_(scope) {}
        void arrive() noexcept override { scope_.cancel(); }

      private:
        CancelScope& scope_;
    };

    static Task<void> serve(CancelScope& scope, mock::MockServer& server) { co_await scope.run(server.serve()); }

    EventLoop loop_;
    mock::MockServer server_;
    CancelScope scope_;
    Stop stop_{scope_};
    std::thread thread_;
};

/// An address at which nobody listens any more.
std::string closed_url() {
    const mock::MockServer closed{mock::MockOptions()};
    return closed.url() + "/";
}

Task<batch::Attempt> attempt(batch::Method& method, std::string url) {
    const http::Request request("GET", std::move(url));
    co_return co_await method.attempt(request);
}

/// The status of an answer, or 0.
int status_of(const batch::Attempt& attempt) {
    const auto* response = attempt.response();
    return response ? response->status : 0;
}

Task<void> check_failures(batch::Method& method, const ServerThread& server) {
    const batch::Attempt refused = co_await attempt(method, closed_url());
    REQUIRE_MESSAGE(refused.failure(), "an attempt that fails is a value");
    CHECK(refused.failure()->code == ErrorCode::connect);
    CHECK_MESSAGE(!refused.failure()->maybe_sent, "without a connection nothing was sent");

    const batch::Attempt cut = co_await attempt(method, server.url("/fault/cut-length"));
    REQUIRE_MESSAGE(cut.failure(), "a cut answer is no answer");
    CHECK_MESSAGE(cut.failure()->maybe_sent, "the server has read the request");
}

Task<void> check_several(batch::Method& method, const ServerThread& server) {
    std::vector<Task<batch::Attempt>> attempts;
    const std::size_t count = std::min<std::size_t>(method.most_in_flight(), 4);
    for (std::size_t i = 0; i < count; ++i)
        attempts.push_back(attempt(method, server.url("/status/" + std::to_string(201 + i))));
    const std::vector<batch::Attempt> ends = co_await gather(std::move(attempts));
    for (std::size_t i = 0; i < count; ++i) CHECK(status_of(ends[i]) == static_cast<int>(201 + i));
}

Task<void> cancelled_attempt(CancelScope& scope, batch::Method& method, std::string url, bool& has_ended) {
    has_ended = (co_await scope.run(attempt(method, std::move(url)))).has_value();
}

Task<void> check_cancelling(batch::Method& method, const ServerThread& server) {
    CancelScope scope;
    bool has_ended = true;
    TaskGroup group;
    group.start(cancelled_attempt(scope, method, server.url("/delay/60000"), has_ended));
    co_await yield();
    scope.cancel();
    co_await group.join();
    CHECK_MESSAGE(!has_ended, "an attempt that is cancelled has no value");
}

}  // namespace

Task<void> check_method(batch::Method& method) {
    INFO("the contract of Method");
    const ServerThread server;
    CHECK(method.most_in_flight() >= 1);
    CHECK(status_of(co_await attempt(method, server.url("/"))) == 200);
    CHECK(status_of(co_await attempt(method, server.url("/status/500"))) == 500);
    co_await check_failures(method, server);
    co_await check_several(method, server);
    if (!method.blocks_loop()) co_await check_cancelling(method, server);
}

}  // namespace plait::testing
