#include "plait/net/internal/first_connection.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <map>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::net;
using namespace std::chrono_literals;

namespace {

/// How, and after what time, an address answers.
struct Behaviour {
    Duration after;
    std::string failure;  ///< empty: it connects
};

/// Addresses 10.0.0.1, 10.0.0.2 ... with scripted behaviour, and a record of what was tried when.
struct Network {
    explicit Network(std::vector<Behaviour> behaviours) {
        for (auto& behaviour : behaviours) {
            const auto name = "10.0.0." + std::to_string(addresses.size() + 1);
            addresses.push_back(*Address::parse(name, 80));
            by_name[addresses.back().to_string()] = std::move(behaviour);
        }
    }

    Task<std::unique_ptr<ByteStream>> connect_one(Address address) {
        const Behaviour& behaviour = by_name.at(address.to_string());
        log += address.to_string() + " at " + std::to_string((now() - start) / 1ms) + "\n";
        co_await sleep_for(behaviour.after);
        if (!behaviour.failure.empty()) throw Error(ErrorCode::connect, behaviour.failure);
        connected += address.to_string();
        co_return std::move(testing::memory_streams().first);
    }

    Task<std::unique_ptr<ByteStream>> connect() {
        Endpoint endpoint(host, 80);
        net::internal::ConnectOne function = [this](Address address, const Endpoint&) { return connect_one(address); };
        co_return co_await net::internal::first_connection(std::move(endpoint), addresses, std::move(function), 250ms);
    }

    Task<std::string> failure() {
        try {
            co_await connect();
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::connect);
            co_return error.what();
        }
        co_return "connected";
    }

    std::string host = "api.example";
    TimePoint start = now();
    std::vector<Address> addresses;
    std::map<std::string, Behaviour> by_name;
    std::string log;
    std::string connected;
};

}  // namespace

ASYNC_TEST("only the first address is tried when it accepts in time") {
    Network network({{249ms, ""}, {0ms, ""}});
    CHECK(co_await network.connect());
    CHECK(network.log == "10.0.0.1:80 at 0\n");
}

ASYNC_TEST("the next address is tried at once when one refuses") {
    Network network({{1ms, "refused"}, {2ms, "refused"}, {0ms, ""}});
    CHECK(co_await network.connect());
    CHECK(network.log == "10.0.0.1:80 at 0\n10.0.0.2:80 at 1\n10.0.0.3:80 at 3\n");
}

ASYNC_TEST("the next address is tried as well when one stays silent") {
    Network network({{1h, ""}, {100ms, ""}});
    const auto start = now();
    CHECK(co_await network.connect());
    CHECK(now() - start == 350ms);
    CHECK(network.connected == "10.0.0.2:80");
}

ASYNC_TEST("an earlier address may still win after the next was tried") {
    Network network({{300ms, ""}, {1h, ""}});
    const auto start = now();
    CHECK(co_await network.connect());
    CHECK(now() - start == 300ms);
    CHECK(network.connected == "10.0.0.1:80");
}

ASYNC_TEST("the error names each address and why it failed") {
    Network network({{1ms, "refused"}, {1h, "timed out"}});
    CHECK(co_await network.failure() == "connect api.example:80: 10.0.0.1:80 refused; 10.0.0.2:80 timed out");
}

ASYNC_TEST("a literal address is not named twice in the error") {
    Network network({{1ms, "refused"}});
    network.host = "10.0.0.1";
    CHECK(co_await network.failure() == "connect 10.0.0.1:80: refused");
}

ASYNC_TEST("without addresses there is no connection") {
    Network network({});
    CHECK(co_await network.failure() == "connect api.example:80: there is no address");
}

ASYNC_TEST("cancelling ends all attempts") {
    Network network({{1h, ""}, {1h, ""}});
    CHECK_FALSE(co_await within(1s, network.connect()));
    CHECK(network.connected.empty());
}
