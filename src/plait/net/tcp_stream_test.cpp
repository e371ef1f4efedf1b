#include "plait/net/tcp_stream.hpp"

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/check_byte_stream.hpp"
#include "plait/testing/loopback.hpp"
#include "plait/testing/memory_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::net;
using namespace std::chrono_literals;
using testing::read_until;
using testing::write_text;

namespace {

Address local(const char* host) { return *Address::parse(host, 0); }

Task<std::unique_ptr<ByteStream>> connect_to(Address address) {
    Endpoint endpoint("api.example", address.port());
    std::vector<Address> addresses(1, address);
    return connect_tcp(std::move(endpoint), std::move(addresses));
}

/// Both ends of a loopback connection.
Task<testing::StreamPair> connection(const char* host = "127.0.0.1") {
    TcpListener listener(local(host));
    auto [client, server] = co_await gather(connect_to(listener.address()), listener.accept());
    co_return testing::StreamPair(std::move(client), std::move(server));
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

template <class Function>
std::string failure_of(Function function, ErrorCode code) {
    try {
        function();
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "nothing was thrown";
}

/// Returns the option of the socket, in this process, that is connected to `peer`.
int option_of_connection_to(const Address& peer, int level, int name) {
    for (int fd = 0; fd < 1024; ++fd) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) continue;
        if (storage.ss_family != AF_INET || Address(reinterpret_cast<sockaddr*>(&storage), size) != peer) continue;
        int value = -1;
        socklen_t value_size = sizeof value;
        ::getsockopt(fd, level, name, &value, &value_size);
        return value;
    }
    return -1;
}

/// Lowers the limit on open descriptors for one test.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t allowed) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = allowed;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace

ASYNC_TEST("the system probes a silent peer") {
    TcpListener listener(local("127.0.0.1"));
    auto [client, server] = co_await gather(connect_to(listener.address()), listener.accept());
    CHECK(option_of_connection_to(listener.address(), SOL_SOCKET, SO_KEEPALIVE) == 1);
    const int silence = option_of_connection_to(listener.address(), IPPROTO_TCP, TCP_KEEPIDLE);
    const int pause = option_of_connection_to(listener.address(), IPPROTO_TCP, TCP_KEEPINTVL);
    const int questions = option_of_connection_to(listener.address(), IPPROTO_TCP, TCP_KEEPCNT);
    CHECK(silence + pause * questions == 90);
    // It would take a live peer with a full buffer for dead.
    CHECK(option_of_connection_to(listener.address(), IPPROTO_TCP, TCP_USER_TIMEOUT) == 0);
}

ASYNC_TEST("a connection keeps the contract of a byte stream, over IPv4 and, where there is one, IPv6") {
    for (const std::string& host : testing::loopback_hosts()) {
        CAPTURE(host);
        const auto connect = [&host] { return connection(host.c_str()); };
        co_await testing::check_byte_stream(connect);
    }
}

ASYNC_TEST("a byte right behind an answer, in the same turn of the loop, is not missed") {
    auto [client, server] = co_await connection();
    std::array<std::byte, 100> bytes{};
    co_await write_text(*server, "answer");
    CHECK(co_await read_some(*client, bytes) == 6);
    CHECK(client->is_quiet());
    CHECK(server->try_write(std::span<const std::byte>(bytes).first(1)) == 1);
    CHECK_FALSE(client->is_quiet());
}

ASYNC_TEST("what the loop has reported is known without a look at the socket") {
    auto [client, server] = co_await connection();
    std::array<std::byte, 100> bytes{};
    co_await write_text(*server, "answer");
    server->close_write();
    CHECK(co_await read_some(*client, bytes) == 6);
    co_await client->readable();
    CHECK_FALSE(client->seems_quiet());
}

ASYNC_TEST("a reset names the peer, and reaches the reader and the writer") {
    auto [client, server] = co_await connection();
    co_await write_text(*client, "never read");
    server.reset();  // closing with bytes unread resets the connection
    CHECK_FALSE(client->is_quiet());
    co_await client->readable();
    std::array<std::byte, 16> buffer;
    const auto read = failure_of([&] { client->try_read(buffer); }, ErrorCode::reset);
    CHECK(read.starts_with("read from api.example:"));
    CHECK(read.ends_with(": the peer has reset the connection"));
    const auto write = failure_of([&] { client->try_write(bytes_of("x")); }, ErrorCode::reset);
    CHECK(write.starts_with("write to api.example:"));
    CHECK(write.ends_with(": the peer has closed the connection"));
}

ASYNC_TEST("a stream can reset its connection when it is closed") {
    auto [client, server] = co_await connection();
    server->reset_at_close();
    server.reset();
    bool thrown = false;
    try {
        co_await read_until(*client, "\n");
    } catch (const Error& error) {
        thrown = error.code() == ErrorCode::reset;
    }
    CHECK(thrown);
}

ASYNC_TEST("a refused connection is an error that says so") {
    std::optional<Address> closed;
    {
        TcpListener listener(local("127.0.0.1"));
        closed = listener.address();
    }
    std::string message;
    try {
        co_await connect_to(*closed);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::connect);
        message = error.what();
    }
    const auto port = std::to_string(closed->port());
    CHECK(message == "connect api.example:" + port + ": 127.0.0.1:" + port + " refused");
}

ASYNC_TEST("the second address is used when the first refuses") {
    std::vector<Address> addresses;
    {
        TcpListener closed(local("127.0.0.1"));
        addresses.push_back(closed.address());
    }
    TcpListener listener(local("127.0.0.1"));
    addresses.push_back(listener.address());
    Endpoint endpoint("api.example", 80);
    CHECK(co_await connect_tcp(std::move(endpoint), std::move(addresses)));
}

ASYNC_TEST("without a free descriptor, the error says what to do") {
    TcpListener listener(local("127.0.0.1"));
    auto attempt = connect_to(listener.address());
    std::string message;
    {
        FewDescriptors none(3);
        try {
            co_await std::move(attempt);
        } catch (const Error& error) {
            message = error.what();
        }
    }
    CHECK(message.find("no descriptor is left of the 3") != std::string::npos);
    CHECK(message.find("ulimit -n") != std::string::npos);
}

ASYNC_TEST("a port in use is refused") {
    TcpListener listener(local("127.0.0.1"));
    const auto message = failure_of([&] { TcpListener second(listener.address()); }, ErrorCode::bad_input);
    CHECK(message == "listen at " + listener.address().to_string() + ": the port is in use by another program");
    co_return;
}

ASYNC_TEST("an accepted connection is named by its address") {
    TcpListener listener(local("127.0.0.1"));
    auto [client, server] = co_await gather(connect_to(listener.address()), listener.accept());
    co_await write_text(*server, "x");
    client.reset();
    co_await server->readable();
    std::array<std::byte, 16> buffer;
    CHECK(failure_of([&] { server->try_read(buffer); }, ErrorCode::reset).starts_with("read from 127.0.0.1:"));
}
