#include "plait/batch/method/methods.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/method/async_method.hpp"
#include "plait/batch/method/sync_method.hpp"
#include "plait/batch/method/threads_method.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::batch;

namespace {

/// A port of this machine at which nobody listens.
class ClosedPort {
  public:
    ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    }

    std::string url;

  private:
    UniqueFd socket_;  // bound, and so nobody else's
};

MethodOptions with_concurrency(std::size_t concurrency) {
    MethodOptions options;
    options.concurrency = concurrency;
    return options;
}

}  // namespace

TEST_CASE("a method is found by its name, and the first is the default") {
    std::set<std::string_view> names;
    for (const MethodEntry& method : methods) {
        names.insert(method.name);
        CHECK(find_method(method.name) == &method);
        CHECK(default_concurrency(method) >= 1);
    }
    CHECK(names.size() == methods.size());
    CHECK(methods.front().name == "async");
    CHECK(find_method("fibers") == nullptr);
}

TEST_CASE("a method makes as many attempts at a time as it was told to, and sync one") {
    CHECK(AsyncMethod(with_concurrency(7)).most_in_flight() == 7);
    CHECK(ThreadsMethod(with_concurrency(7)).most_in_flight() == 7);
    CHECK(SyncMethod(with_concurrency(7)).most_in_flight() == 1);
}

TEST_CASE("an attempt that reaches nobody is a value, whoever makes it") {
    const ClosedPort nobody;
    AsyncMethod async(with_concurrency(1));
    SyncMethod sync(with_concurrency(1));
    ThreadsMethod threads(with_concurrency(1));
    for (Method* method : {static_cast<Method*>(&async), static_cast<Method*>(&sync), static_cast<Method*>(&threads)}) {
        const Attempt attempt = plait::run(method->attempt(http::Request("GET", nobody.url)));
        REQUIRE(std::holds_alternative<Failure>(attempt));
        CHECK(std::get<Failure>(attempt).code == ErrorCode::connect);
        CHECK_FALSE(std::get<Failure>(attempt).maybe_sent);
    }
}
