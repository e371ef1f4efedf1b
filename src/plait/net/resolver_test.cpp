#include "plait/net/resolver.hpp"

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

using namespace plait;
using namespace plait::net;
using namespace std::chrono_literals;

namespace {

/// A name server in memory that counts its questions. Its answers can be held back.
class NameServer {
  public:
    void add(const std::string& host, const std::string& address) {
        hosts_[host].push_back(*Address::parse(address, 0));
    }
    void hold() { held_ = true; }
    void release() {
        const std::lock_guard lock(mutex_);
        held_ = false;
        changed_.notify_all();
    }
    std::vector<Address> look_up(const std::string& host) {
        std::unique_lock lock(mutex_);
        ++asked_[host];
        changed_.wait(lock, [&] { return !held_; });
        if (!hosts_.contains(host)) throw Error(ErrorCode::dns, "no such host");
        return hosts_[host];
    }
    int asked(const std::string& host) {
        const std::lock_guard lock(mutex_);
        return asked_[host];
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    std::map<std::string, std::vector<Address>> hosts_;
    std::map<std::string, int> asked_;
};

/// Options whose look-ups ask the server and keep it alive, because look-ups may be abandoned.
ResolverOptions asking(std::shared_ptr<NameServer> server) {
    ResolverOptions options;
    options.look_up = [server](const std::string& host) { return server->look_up(host); };
    return options;
}

ResolverOptions asking_nobody() {
    ResolverOptions options;
    options.look_up = [](const std::string& host) -> std::vector<Address> {
        throw Error(ErrorCode::dns, "was asked for " + host);
    };
    return options;
}

std::string text(const std::vector<Address>& addresses) {
    std::string result;
    for (const Address& address : addresses) result += (result.empty() ? "" : " ") + address.to_string();
    return result;
}

Task<std::string> resolve(Resolver& resolver, std::string host) {
    Endpoint endpoint(std::move(host), 80);
    try {
        co_return text(co_await resolver.resolve(std::move(endpoint)));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::dns);
        co_return error.what();
    }
}

Task<void> keep_text(Resolver& resolver, std::string host, std::string& result) {
    result = co_await resolve(resolver, std::move(host));
}

Task<void> wait_until_asked(NameServer& server, std::string host, int times) {
    while (server.asked(host) < times) co_await yield();
}

}  // namespace

ASYNC_TEST("a literal address is not looked up") {
    Resolver resolver(asking_nobody());
    CHECK(co_await resolve(resolver, "127.0.0.1") == "127.0.0.1:80");
    CHECK(co_await resolve(resolver, "::1") == "[::1]:80");
}

ASYNC_TEST("a name has the addresses of its look-up, in order and with the right port") {
    auto server = std::make_shared<NameServer>();
    server->add("api.example", "2001:db8::1");
    server->add("api.example", "10.0.0.1");
    Resolver resolver(asking(server));
    CHECK(co_await resolve(resolver, "api.example") == "[2001:db8::1]:80 10.0.0.1:80");
}

ASYNC_TEST("tasks that ask for the same name at the same time share one look-up") {
    auto server = std::make_shared<NameServer>();
    server->add("api.example", "10.0.0.1");
    Resolver resolver(asking(server));
    auto [first, second, third] = co_await gather(resolve(resolver, "api.example"), resolve(resolver, "api.example"),
                                                  resolve(resolver, "b.example"));
    CHECK(first == "10.0.0.1:80");
    CHECK(second == "10.0.0.1:80");
    CHECK(third == "resolve b.example: no such host");
    CHECK(server->asked("api.example") == 1);
    CHECK(server->asked("b.example") == 1);
}

ASYNC_TEST("addresses are cached for their time and then looked up again") {
    auto server = std::make_shared<NameServer>();
    server->add("api.example", "10.0.0.1");
    auto options = asking(server);
    options.keep = 1min;
    Resolver resolver(std::move(options));
    co_await resolve(resolver, "api.example");
    co_await sleep_for(59s);
    CHECK(co_await resolve(resolver, "api.example") == "10.0.0.1:80");
    CHECK(server->asked("api.example") == 1);
    co_await sleep_for(1s);
    CHECK(co_await resolve(resolver, "api.example") == "10.0.0.1:80");
    CHECK(server->asked("api.example") == 2);
}

ASYNC_TEST("addresses can be cached for ever") {
    auto server = std::make_shared<NameServer>();
    server->add("api.example", "10.0.0.1");
    auto options = asking(server);
    options.keep = Duration::max();
    Resolver resolver(std::move(options));
    co_await resolve(resolver, "api.example");
    co_await sleep_for(24h * 365);
    CHECK(co_await resolve(resolver, "api.example") == "10.0.0.1:80");
    CHECK(server->asked("api.example") == 1);
}

ASYNC_TEST("a failure names the host and the reason, and is not cached") {
    auto server = std::make_shared<NameServer>();
    Resolver resolver(asking(server));
    CHECK(co_await resolve(resolver, "api.example") == "resolve api.example: no such host");
    server->add("api.example", "10.0.0.1");
    CHECK(co_await resolve(resolver, "api.example") == "10.0.0.1:80");
}

ASYNC_TEST("a full cache drops its oldest name") {
    auto server = std::make_shared<NameServer>();
    for (const char* host : {"a.example", "b.example", "c.example"}) server->add(host, "10.0.0.1");
    auto options = asking(server);
    options.names = 2;
    Resolver resolver(std::move(options));
    for (const char* host : {"a.example", "b.example", "c.example", "b.example", "c.example", "a.example"}) {
        co_await resolve(resolver, host);
        co_await sleep_for(1ms);
    }
    CHECK(server->asked("a.example") == 2);
    CHECK(server->asked("b.example") == 1);
    CHECK(server->asked("c.example") == 1);
}

ASYNC_TEST("a look-up that hangs can be cancelled at once, and another task that waits starts it again") {
    auto server = std::make_shared<NameServer>();
    server->add("api.example", "10.0.0.1");
    server->hold();
    Resolver resolver(asking(server));
    TaskGroup patient;
    std::string later;
    {
        TaskGroup impatient;
        std::string never = "untouched";
        impatient.start(keep_text, std::ref(resolver), "api.example", std::ref(never));
        patient.start(keep_text, std::ref(resolver), "api.example", std::ref(later));
        co_await wait_until_asked(*server, "api.example", 1);
        impatient.cancel();
        co_await impatient.join();
        CHECK(never == "untouched");
    }
    co_await wait_until_asked(*server, "api.example", 2);
    server->release();
    co_await patient.join();
    CHECK(later == "10.0.0.1:80");
}

ASYNC_TEST("the system finds localhost, and no host in .invalid") {
    Resolver resolver;
    const auto found = co_await resolve(resolver, "localhost");
    CHECK(found.find("127.0.0.1:80") != std::string::npos);
    CHECK((co_await resolve(resolver, "no-such-host.invalid")).starts_with("resolve no-such-host.invalid: "));
}
