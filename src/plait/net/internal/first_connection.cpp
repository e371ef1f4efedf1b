#include "plait/net/internal/first_connection.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"

#include <string>
#include <utility>

namespace plait::net::internal {

namespace {

/// State shared by the attempts at the addresses of one endpoint. It lives in the task that started them.
struct Attempts {
    Attempts(const Endpoint& endpoint_, const ConnectOne& connect_one_)
        : endpoint(endpoint_), connect_one(connect_one_) {}

    const Endpoint& endpoint;
    const ConnectOne& connect_one;
    std::unique_ptr<ByteStream> connection;
    std::string failures;
    Event one_ended;
    TaskGroup group;
};

Task<void> attempt(Attempts& attempts, Address address) {
    try {
        auto connection = co_await attempts.connect_one(address, attempts.endpoint);
        if (!attempts.connection) attempts.connection = std::move(connection);
        attempts.group.cancel();
    } catch (const Error& error) {
        if (!attempts.failures.empty()) attempts.failures += "; ";
        const std::string where = address.to_string();
        if (where != attempts.endpoint.to_string()) attempts.failures += where + " ";
        attempts.failures += error.what();
    }
    attempts.one_ended.set();
}

}  // namespace

Task<std::unique_ptr<ByteStream>> first_connection(Endpoint endpoint, std::vector<Address> addresses,
                                                   ConnectOne connect_one, Duration delay) {
    Attempts attempts(endpoint, connect_one);
    for (const Address& address : addresses) {
        attempts.one_ended.reset();
        attempts.group.start(attempt(attempts, address), "connect");
        if (&address == &addresses.back()) break;
        co_await within(delay, attempts.one_ended.wait());
        if (attempts.connection) break;
    }
    co_await attempts.group.join();
    if (attempts.connection) co_return std::move(attempts.connection);
    if (addresses.empty()) attempts.failures = "there is no address";
    throw Error(ErrorCode::connect, "connect " + endpoint.to_string() + ": " + attempts.failures);
}

}  // namespace plait::net::internal
