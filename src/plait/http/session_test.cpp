#include "plait/http/session.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <stdexcept>
#include <vector>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// Servers in memory. `server(n)` is the server's end of the n-th connection.
class Network {
  public:
    testing::MemoryStream& server(std::size_t n) { return *servers_.at(n); }
    std::size_t connections() const { return servers_.size(); }
    /// The server closes its connection.
    void close(std::size_t n) { servers_.at(n) = nullptr; }

    Task<NewConnection> connect(net::Endpoint endpoint, bool secure, ConnectStep& step) {
        step = ConnectStep::connecting;
        endpoints.push_back((secure ? "secure " : "") + endpoint.to_string());
        co_await sleep_for(delay);
        if (failure) throw *failure;
        auto [client, server] = testing::memory_streams(stream_options);
        servers_.push_back(std::move(server));
        co_return NewConnection(std::move(client));
    }

    Duration delay{};
    std::optional<Error> failure;
    testing::MemoryStreamOptions stream_options;
    std::vector<std::string> endpoints;
    std::vector<std::string> heads;  ///< those that `answer_one` has read

  private:
    std::vector<std::unique_ptr<testing::MemoryStream>> servers_;
};

class NetworkConnector : public Connector {
  public:
    explicit NetworkConnector(Network& network) : network_(network) {}
    Task<NewConnection> connect(net::Endpoint endpoint, bool secure, Offer, ConnectStep& step) override {
        return network_.connect(std::move(endpoint), secure, step);
    }

  private:
    Network& network_;
};

Session session_over(Network& network, SessionOptions options = {}) {
    return Session(std::move(options), std::make_unique<NetworkConnector>(network));
}

/// The outcome of a request, and its text.
struct Outcome {
    std::string text;
    bool maybe_sent = false;
    bool was_stale = false;
    ErrorCode code{};
    Response response;
};

/// Sends `request`, and records its outcome.
Task<void> send_into(Session& session, Request request, Outcome& outcome) {
    try {
        outcome.response = co_await session.send(std::move(request));
        outcome.text = std::to_string(outcome.response.status) + " " + outcome.response.body;
    } catch (const SendError& error) {
        outcome.text = error.what();
        outcome.maybe_sent = error.maybe_sent();
        outcome.was_stale = error.was_stale();
        outcome.code = error.code();
    }
}

Task<void> answer_one(Network& network, std::size_t n, std::string answer) {
    while (network.connections() <= n) co_await yield();
    std::string head = co_await testing::read_until(network.server(n), "\r\n\r\n");
    network.heads.push_back(std::move(head));
    co_await testing::write_text(network.server(n), std::move(answer));
}

/// Sends a request and lets server `n` answer it.
Task<Outcome> exchange(Session& session, Network& network, Request request, std::size_t n, std::string answer) {
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, std::move(request), outcome));
    group.start(answer_one(network, n, std::move(answer)));
    co_await group.join();
    co_return outcome;
}

Task<Outcome> send_alone(Session& session, Request request) {
    Outcome outcome;
    co_await send_into(session, std::move(request), outcome);
    co_return outcome;
}

Request get(std::string_view url = "http://a.example/x") { return Request("GET", url); }
Request post() { return Request("POST", "http://a.example/x"); }

}  // namespace

ASYNC_TEST("a request is sent and its answer comes back") {
    Network network;
    Session session = session_over(network);
    Outcome outcome =
        co_await exchange(session, network, get("http://a.example:8080/x?y=1"), 0, std::string(small_answer));
    CHECK(outcome.text == "200 hi");
    CHECK_FALSE(outcome.response.reused);
    CHECK(network.endpoints == std::vector<std::string>{"a.example:8080"});
}

ASYNC_TEST("the next request goes over the same connection") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    Outcome second = co_await exchange(session, network, post(), 0, std::string(small_answer));
    CHECK(second.text == "200 hi");
    CHECK(second.response.reused);
    CHECK(network.connections() == 1);
}

ASYNC_TEST("requests at the same time have connections of their own") {
    Network network;
    Session session = session_over(network);
    Outcome outcomes[2];
    TaskGroup group;
    for (std::size_t n = 0; n < 2; ++n) {
        group.start(send_into(session, get(), outcomes[n]));
        group.start(answer_one(network, n, std::string(small_answer)));
    }
    co_await group.join();
    CHECK(outcomes[0].text == "200 hi");
    CHECK(outcomes[1].text == "200 hi");
    CHECK(network.connections() == 2);
}

ASYNC_TEST("https and http do not share connections") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get("http://a.example:443/"), 0, std::string(small_answer));
    co_await exchange(session, network, get("https://a.example/"), 1, std::string(small_answer));
    CHECK(network.endpoints == std::vector<std::string>{"a.example:443", "secure a.example:443"});
}

ASYNC_TEST("a kept connection that the server has closed is not used") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    network.close(0);
    Outcome second = co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(second.text == "200 hi");
    CHECK_FALSE(second.response.reused);
}

ASYNC_TEST("a connection on which anything arrived after the answer is not used") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    co_await testing::write_text(network.server(0), "HTTP/1.1 408 Request Timeout\r\n\r\n");
    Outcome second = co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(second.text == "200 hi");
    CHECK(network.connections() == 2);
}

ASYNC_TEST("a surplus byte after an answer retires the connection") {
    Network network;
    Session session = session_over(network);
    Outcome first = co_await exchange(session, network, get(), 0, std::string(small_answer) + "!");
    CHECK(first.text == "200 hi");
    co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(network.connections() == 2);
}

ASYNC_TEST("a request that is not safe to repeat reuses no connection after 4 s") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    co_await sleep_for(5s);
    co_await exchange(session, network, post(), 1, std::string(small_answer));
    CHECK(network.connections() == 2);
    Outcome third = co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(third.response.reused);
}

/// Sends a request over the kept connection `n`, which the server closes when the request has arrived.
Task<Outcome> send_to_closing(Session& session, Network& network, Request request, std::size_t n) {
    Outcome outcome;
    TaskGroup group;
    const std::size_t before = network.server(n).written().size();
    group.start(send_into(session, std::move(request), outcome));
    co_await testing::read_until(network.server(n), "\r\n\r\n");
    CHECK(network.server(n).written().size() == before);
    network.close(n);
    co_await group.join();
    co_return outcome;
}

ASYNC_TEST("a kept connection that dies under a request is not tried again, and the error says so") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    const Outcome outcome = co_await send_to_closing(session, network, get(), 0);
    CHECK(
        outcome.text ==
        "GET http://a.example/x: the server closed the connection without an answer (waiting for the answer on a kept "
        "connection, 0 us after the start)");
    CHECK(outcome.code == ErrorCode::reset);
    CHECK(outcome.maybe_sent);
    CHECK(outcome.was_stale);
    CHECK(network.connections() == 1);
}

ASYNC_TEST("a connection that dies under a request is not stale when it is new or has begun to answer") {
    Network network;
    Session session = session_over(network);
    Outcome first;
    TaskGroup group;
    group.start(send_into(session, get(), first));
    while (network.connections() == 0) co_await yield();
    co_await testing::read_until(network.server(0), "\r\n\r\n");
    network.close(0);
    co_await group.join();
    CHECK(first.code == ErrorCode::reset);
    CHECK_FALSE(first.was_stale);

    co_await exchange(session, network, get(), 1, std::string(small_answer));
    Outcome second;
    group.start(send_into(session, get(), second));
    co_await testing::read_until(network.server(1), "\r\n\r\n");
    co_await testing::write_text(network.server(1), "HTTP/1.1 200");
    network.close(1);
    co_await group.join();
    CHECK(second.code == ErrorCode::reset);
    CHECK_FALSE(second.was_stale);
}

ASYNC_TEST("a request may demand a new connection") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    Request request = get();
    request.over_new_connection = true;
    const Outcome outcome = co_await exchange(session, network, std::move(request), 1, std::string(small_answer));
    CHECK(outcome.text == "200 hi");
    CHECK_FALSE(outcome.response.reused);
}

ASYNC_TEST("after a kept connection died under a request, unrepeatable requests get new ones for ten minutes") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    CHECK((co_await send_to_closing(session, network, post(), 0)).was_stale);
    co_await exchange(session, network, post(), 1, std::string(small_answer));
    const Outcome unsafe = co_await exchange(session, network, post(), 2, std::string(small_answer));
    CHECK_FALSE(unsafe.response.reused);
    const Outcome safe = co_await exchange(session, network, get(), 2, std::string(small_answer));
    CHECK(safe.response.reused);
    const Outcome elsewhere =
        co_await exchange(session, network, Request("POST", "http://b.example/"), 3, std::string(small_answer));
    CHECK(elsewhere.text == "200 hi");
    CHECK((co_await exchange(session, network, Request("POST", "http://b.example/"), 3, std::string(small_answer)))
              .response.reused);

    co_await sleep_for(10min);
    co_await exchange(session, network, get(), 4, std::string(small_answer));
    CHECK((co_await exchange(session, network, post(), 4, std::string(small_answer))).response.reused);
}

ASYNC_TEST("a server that closes right after its answer gets no unrepeatable request over a kept connection") {
    Network network;
    Session session = session_over(network);
    co_await exchange(session, network, post(), 0, std::string(small_answer));
    network.close(0);  // seen before the next request is sent, this time
    co_await exchange(session, network, post(), 1, std::string(small_answer));
    const Outcome third = co_await exchange(session, network, post(), 2, std::string(small_answer));
    CHECK(third.text == "200 hi");
}

ASYNC_TEST("one unrepeatable request tries a kept connection, and the others get new ones meanwhile") {
    Network network;
    Session session = session_over(network);
    Outcome outcomes[6];
    TaskGroup group;
    for (std::size_t n = 0; n < 2; ++n) {
        group.start(send_into(session, post(), outcomes[n]));
        group.start(answer_one(network, n, std::string(small_answer)));
    }
    co_await group.join();
    group.start(send_into(session, post(), outcomes[2]));
    group.start(send_into(session, post(), outcomes[3]));
    while (network.connections() < 3) co_await yield();
    for (std::size_t n = 1; n < 3; ++n) group.start(answer_one(network, n, std::string(small_answer)));
    co_await group.join();
    CHECK(outcomes[2].response.reused);
    CHECK_FALSE(outcomes[3].response.reused);
    // It was answered, so the server keeps its connections.
    group.start(send_into(session, post(), outcomes[4]));
    group.start(send_into(session, post(), outcomes[5]));
    for (std::size_t n = 1; n < 3; ++n) group.start(answer_one(network, n, std::string(small_answer)));
    co_await group.join();
    CHECK(outcomes[4].response.reused);
    CHECK(outcomes[5].response.reused);
}

ASYNC_TEST("a write that moves no byte has certainly not arrived") {
    class Deaf final : public ByteStream {
        std::optional<std::size_t> try_read(std::span<std::byte>) override { return 0; }
        std::optional<std::size_t> try_write(std::span<const std::byte>) override {
            throw Error(ErrorCode::reset, "write to a.example:80: Broken pipe");
        }
        Task<void> readable() override { co_return; }
        Task<void> writable() override { co_return; }
        bool is_quiet() override { return true; }
        void close_write() noexcept override {}
    };
    class DeafConnector final : public Connector {
        Task<NewConnection> connect(net::Endpoint, bool, Offer, ConnectStep&) override {
            co_return NewConnection(std::make_unique<Deaf>());
        }
    };
    Session session({}, std::make_unique<DeafConnector>());
    Outcome outcome = co_await send_alone(session, post());
    CHECK(outcome.text ==
          "POST http://a.example/x: write to a.example:80: Broken pipe (sending the request, 0 us after the start)");
    CHECK_FALSE(outcome.maybe_sent);
}

ASYNC_TEST("a failure to connect is reported, and nothing was sent") {
    Network network;
    network.failure = Error(ErrorCode::connect, "connect a.example:80: Connection refused");
    Session session = session_over(network);
    Outcome outcome = co_await send_alone(session, post());
    CHECK(outcome.text ==
          "POST http://a.example/x: connect a.example:80: Connection refused (connecting, 0 us after the start)");
    CHECK(outcome.code == ErrorCode::connect);
    CHECK_FALSE(outcome.maybe_sent);
}

ASYNC_TEST("connecting may take as long as the attempt") {
    Network network;
    network.delay = 119s;
    Session session = session_over(network);
    Outcome slow;
    TaskGroup group;
    group.start(send_into(session, get(), slow));
    co_await sleep_for(119s);
    co_await answer_one(network, 0, std::string(small_answer));
    co_await group.join();
    CHECK(slow.text == "200 hi");
    network.delay = 1h;
    Outcome outcome = co_await send_alone(session, Request("POST", "http://b.example/x"));
    CHECK(outcome.text ==
          "POST http://b.example/x: connect b.example:80: timed out after 2 min (connecting, 2 min after the start)");
    CHECK(outcome.code == ErrorCode::timeout);
    CHECK_FALSE(outcome.maybe_sent);
}

ASYNC_TEST("connecting may have a shorter time limit") {
    Network network;
    network.delay = 1h;
    SessionOptions options;
    options.timeouts.connect = 10s;
    Session session = session_over(network, options);
    Outcome outcome = co_await send_alone(session, post());
    CHECK(outcome.text ==
          "POST http://a.example/x: connect a.example:80: timed out after 10 s (connecting, 10 s after the start)");
}

ASYNC_TEST("a server may be silent for as long as the attempt may take") {
    Network network;
    SessionOptions options;
    options.timeouts.attempt = 5min;
    Session session = session_over(network, options);
    Outcome slow;
    TaskGroup group;
    group.start(send_into(session, post(), slow));
    while (network.connections() == 0) co_await yield();
    co_await sleep_for(299s);
    co_await testing::write_text(network.server(0), std::string(small_answer));
    co_await group.join();
    CHECK(slow.text == "200 hi");

    Outcome silent = co_await send_alone(session, get("http://b.example/x"));
    CHECK(silent.text ==
          "GET http://b.example/x: the attempt ran out of time (waiting for the answer, 5 min after the start)");
}

ASYNC_TEST("silence may have a shorter limit, before the answer and within it") {
    Network network;
    SessionOptions options;
    options.timeouts.idle = 60s;
    Session session = session_over(network, options);
    Outcome before = co_await send_alone(session, post());
    CHECK(before.text ==
          "POST http://a.example/x: no byte came for 60 s (waiting for the answer, 60 s after the start)");
    CHECK(before.code == ErrorCode::timeout);
    CHECK(before.maybe_sent);
    Outcome within = co_await exchange(session, network, get(), 1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    CHECK(within.text == "GET http://a.example/x: no byte came for 60 s (receiving the answer, 60 s after the start)");
}

ASYNC_TEST("an attempt has a time limit even while bytes move") {
    Network network;
    Session session = session_over(network);
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, get(), outcome));
    while (network.connections() == 0) co_await yield();
    co_await testing::write_text(network.server(0), "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n");
    for (int second = 0; second < 150 && outcome.text.empty(); ++second) {
        co_await testing::write_text(network.server(0), "x");
        co_await sleep_for(1s);
        if (!outcome.text.empty()) break;
    }
    co_await group.join();
    CHECK(outcome.text ==
          "GET http://a.example/x: the attempt ran out of time (receiving the answer, 2 min after the start)");
}

ASYNC_TEST("the longest time limit overflows nothing") {
    Network network;
    SessionOptions options;
    options.timeouts = {.attempt = Duration::max(), .connect = Duration::max(), .idle = Duration::max()};
    Session session = session_over(network, options);
    Outcome outcome = co_await exchange(session, network, get(), 0, std::string(small_answer));
    CHECK(outcome.text == "200 hi");
}

ASYNC_TEST("a request may have a time limit of its own") {
    Network network;
    Session session = session_over(network);
    Request request = get();
    request.timeout = 3s;
    Outcome outcome = co_await send_alone(session, std::move(request));
    CHECK(outcome.text ==
          "GET http://a.example/x: the attempt ran out of time (waiting for the answer, 3 s after the start)");
}

ASYNC_TEST("an invalid request is refused before a connection is made") {
    Network network;
    Session session = session_over(network);
    Request request = get("http://a.example/x?key=secret");
    request.headers.add("Transfer-Encoding", "chunked");
    Outcome outcome = co_await send_alone(session, std::move(request));
    CHECK(outcome.text ==
          "GET http://a.example/x: header 'Transfer-Encoding': leave it out, a body is sent with its length");
    CHECK(outcome.code == ErrorCode::bad_input);
    CHECK(network.endpoints.empty());
}

ASYNC_TEST("a cancelled request closes its connection") {
    Network network;
    Session session = session_over(network);
    CHECK_FALSE(co_await within(1s, session.send(get())));
    co_await testing::read_until(network.server(0), "\r\n\r\n");
    std::byte byte{};
    CHECK(co_await read_some(network.server(0), std::span(&byte, 1)) == 0);
    co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(network.connections() == 2);
}

ASYNC_TEST("a body that does not fit into one write is sent completely") {
    Network network;
    network.stream_options.capacity = 1000;
    Session session = session_over(network);
    Request request = post();
    request.body = std::string(100'000, 'b') + "end";
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, std::move(request), outcome));
    while (network.connections() == 0) co_await yield();
    const std::string received = co_await testing::read_until(network.server(0), "bend");
    co_await testing::write_text(network.server(0), std::string(small_answer));
    co_await group.join();
    CHECK(received.size() - received.find("\r\n\r\n") - 4 == 100'003);
    CHECK(outcome.text == "200 hi");
    co_await exchange(session, network, get(), 0, std::string(small_answer));
    CHECK(network.connections() == 1);
}

ASYNC_TEST("a server that refuses a body half-way is heard, and the connection is closed") {
    Network network;
    network.stream_options.capacity = 1000;
    Session session = session_over(network);
    Request request = post();
    request.body = std::string(100'000, 'b');
    Outcome outcome = co_await exchange(session, network, std::move(request), 0,
                                        "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    CHECK(outcome.text == "413 no");
    co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(network.connections() == 2);
}

/// A connection whose peer takes `takes` bytes, sends `answer`, and resets.
class Refusing final : public ByteStream {
  public:
    Refusing(std::size_t takes, std::string answer) : takes_(takes), answer_(std::move(answer)) {}

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override {
        if (answer_.empty()) throw Error(ErrorCode::reset, "read from a.example:80: the peer has reset the connection");
        const std::size_t count = std::min(bytes.size(), answer_.size());
        std::memcpy(bytes.data(), answer_.data(), count);
        answer_.erase(0, count);
        return count;
    }
    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override {
        const std::size_t taken = std::min(bytes.size(), takes_);
        if (taken == 0) throw Error(ErrorCode::reset, "write to a.example:80: the peer has closed the connection");
        takes_ -= taken;
        return taken;
    }
    Task<void> readable() override { co_return; }
    Task<void> writable() override { co_return; }
    bool is_quiet() override { return true; }
    void close_write() noexcept override {}

  private:
    std::size_t takes_;
    std::string answer_;
};

/// The outcome of a large body that such a server refuses.
Task<Outcome> refused(std::string answer) {
    class RefusingConnector final : public Connector {
      public:
        explicit RefusingConnector(std::string text) : text_(std::move(text)) {}
        Task<NewConnection> connect(net::Endpoint, bool, Offer, ConnectStep&) override {
            co_return NewConnection(std::make_unique<Refusing>(1000, text_));
        }

      private:
        std::string text_;
    };
    Session session({}, std::make_unique<RefusingConnector>(std::move(answer)));
    Request request = post();
    request.body = std::string(100'000, 'b');
    co_return co_await send_alone(session, std::move(request));
}

ASYNC_TEST("an answer is read although the sending failed") {
    const Outcome whole = co_await refused("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    CHECK(whole.text == "413 no");
    // A close with unread data is a reset, so it ends an answer that has no length.
    const Outcome up_to_end = co_await refused("HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nno");
    CHECK(up_to_end.text == "413 no");
    const Outcome cut = co_await refused("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno");
    CHECK(cut.code == ErrorCode::reset);
    const Outcome success = co_await refused("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
    CHECK(success.code == ErrorCode::reset);
    const Outcome nothing = co_await refused("");
    CHECK(nothing.text ==
          "POST http://a.example/x: write to a.example:80: the peer has closed the connection (sending "
          "the request, 0 us after the start)");
    CHECK(nothing.maybe_sent);
}

ASYNC_TEST("an upload is alive as long as its bytes move") {
    Network network;
    network.stream_options.capacity = 1000;
    SessionOptions options;
    options.timeouts.idle = 60s;
    Session session = session_over(network, options);
    Request request = post();
    request.body = std::string(3000, 'b') + "end";
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, std::move(request), outcome));
    while (network.connections() == 0) co_await yield();
    std::vector<std::byte> buffer(1000);
    for (int part = 0; part < 3; ++part) {
        co_await sleep_for(35s);
        CHECK(co_await read_some(network.server(0), buffer) > 0);
    }
    CHECK(outcome.text == "");
    co_await testing::read_until(network.server(0), "end");
    co_await testing::write_text(network.server(0), std::string(small_answer));
    co_await group.join();
    CHECK(outcome.text == "200 hi");
}

ASYNC_TEST("an answer that arrives byte by byte is the same") {
    Network network;
    network.stream_options.largest_read = 1;
    Session session = session_over(network);
    const Outcome outcome =
        co_await exchange(session, network, get(), 0,
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n");
    CHECK(outcome.text == "200 hello");
    CHECK(outcome.response.trailers.get("A") == "b");
}

ASYNC_TEST("a close in the middle of an answer is an error") {
    Network network;
    Session session = session_over(network);
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, get(), outcome));
    group.start(answer_one(network, 0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    while (network.connections() == 0 || network.server(0).written().empty()) co_await yield();
    network.close(0);
    co_await group.join();
    CHECK(outcome.text ==
          "GET http://a.example/x: the server closed the connection after 4 of 9 bytes of the body (receiving the "
          "answer, 0 us "
          "after the start)");
}

ASYNC_TEST("an answer has the times of its phases") {
    Network network;
    network.delay = 0s;
    Session session = session_over(network);
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, get(), outcome));
    while (network.connections() == 0) co_await yield();
    co_await sleep_for(2s);
    co_await testing::write_text(network.server(0), "HTTP/1.1 200 OK\r\n");
    co_await sleep_for(3s);
    co_await testing::write_text(network.server(0), "Content-Length: 0\r\n\r\n");
    co_await group.join();
    CHECK(outcome.response.timings.send == 0s);
    CHECK(outcome.response.timings.wait == 2s);
    CHECK(outcome.response.timings.receive == 3s);
}

ASYNC_TEST("a limit on connections makes requests wait for their turn") {
    Network network;
    SessionOptions options;
    options.pool.max_connections_per_origin = 1;
    Session session = session_over(network, options);
    Outcome outcomes[2];
    TaskGroup group;
    for (auto& outcome : outcomes) group.start(send_into(session, get(), outcome));
    group.start(answer_one(network, 0, std::string(small_answer)));
    while (outcomes[0].text.empty()) co_await yield();
    CHECK(outcomes[1].text == "");
    group.start(answer_one(network, 0, std::string(small_answer)));
    co_await group.join();
    CHECK(outcomes[1].text == "200 hi");
    CHECK(outcomes[1].response.reused);
    CHECK(network.connections() == 1);
}

ASYNC_TEST("waiting for a turn counts as time of the attempt") {
    Network network;
    SessionOptions options;
    options.pool.max_connections = 1;
    Session session = session_over(network, options);
    Outcome stuck;
    TaskGroup group;
    group.start(send_into(session, get(), stuck));
    co_await yield();
    Outcome late = co_await send_alone(session, get());
    CHECK(late.code == ErrorCode::timeout);
    CHECK_FALSE(late.maybe_sent);
    CHECK(late.text == "GET http://a.example/x: no connection became free in 2 min");
    co_await group.join();
}

ASYNC_TEST("default headers are sent with each request") {
    Network network;
    SessionOptions options;
    options.headers.add("X-Tenant", "7");
    Session session = session_over(network, options);
    Outcome outcome;
    TaskGroup group;
    group.start(send_into(session, get(), outcome));
    while (network.connections() == 0) co_await yield();
    const std::string head = co_await testing::read_until(network.server(0), "\r\n\r\n");
    CHECK(head.find("\r\nX-Tenant: 7\r\n") != std::string::npos);
    co_await testing::write_text(network.server(0), std::string(small_answer));
    co_await group.join();
}

ASYNC_TEST("a connection with `Connection: close` in the default headers is not reused") {
    Network network;
    SessionOptions options;
    options.headers.add("Connection", "close");
    Session session = session_over(network, options);
    const Outcome first = co_await exchange(session, network, get(), 0, std::string(small_answer));
    const Outcome second = co_await exchange(session, network, get(), 1, std::string(small_answer));
    CHECK(first.text == "200 hi");
    CHECK(second.text == "200 hi");
    CHECK_FALSE(second.response.reused);
}

TEST_CASE("a session may be driven by one loop after another") {
    Network network;
    Session session = session_over(network);
    const auto once = [&] { return run(exchange(session, network, get(), 0, std::string(small_answer))); };
    CHECK(once().text == "200 hi");
    CHECK(once().text == "200 hi");
    EventLoop other;
    CHECK(other.run(exchange(session, network, get(), 0, std::string(small_answer))).text == "200 hi");
    CHECK(network.connections() == 1);
}

namespace {

SessionOptions options_with_relay(const char* url = "http://user:pass@proxy.example") {
    SessionOptions options;
    options.routes.proxies.for_http = {Proxy(url), "--proxy"};
    return options;
}

constexpr const char* wants_login = "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";

/// Answers two requests: over one connection, or, after a reset, over two.
Task<void> answer_two(Network& network, std::string first, std::string second, bool resets_first) {
    co_await answer_one(network, 0, std::move(first));
    if (resets_first) network.server(0).reset();
    co_await answer_one(network, resets_first ? 1 : 0, std::move(second));
}

}  // namespace

ASYNC_TEST("a proxy that relays gets the whole URL, and its name is in the answer") {
    Network network;
    Session session = session_over(network, options_with_relay());
    Outcome outcome = co_await exchange(session, network, get("http://a.example/x?y"), 0, std::string(small_answer));
    CHECK(outcome.response.relay == "http://proxy.example:1080");
    CHECK(network.heads[0].starts_with("GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n"));
    CHECK(network.heads[0].find("Authorization") == std::string::npos);
    outcome = co_await exchange(session, network, get("https://a.example/x"), 1, std::string(small_answer));
    CHECK(outcome.response.relay.empty());
    CHECK(network.heads[1].starts_with("GET /x HTTP/1.1\r\n"));
}

ASYNC_TEST("a proxy that asks for a login gets it, and the call is sent again") {
    for (const bool resets : {false, true}) {
        CAPTURE(resets);
        Network network;
        Session session = session_over(network, options_with_relay());
        Outcome outcome;
        TaskGroup group;
        group.start(send_into(session, post(), outcome));
        group.start(answer_two(network, resets ? "HTTP/1.0 407 X\r\nConnection: close\r\n\r\nno" : wants_login,
                               std::string(small_answer), resets));
        co_await group.join();
        CHECK(outcome.text == "200 hi");
        CHECK(network.heads[1].find("\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n") != std::string::npos);
    }
}

ASYNC_TEST("a proxy that does not accept a login is an error for good, and the request was not sent") {
    Network network;
    Session session = session_over(network, options_with_relay("http://proxy.example"));
    const Outcome outcome = co_await exchange(session, network, post(), 0, wants_login);
    CHECK(outcome.code == ErrorCode::proxy);
    CHECK_FALSE(outcome.maybe_sent);
    CHECK(outcome.text ==
          "POST http://a.example/x: proxy http://proxy.example:1080: it wants a login: give it a user and password, "
          "--proxy KIND://USER:PASSWORD@HOST:PORT");
}

ASYNC_TEST("credentials go to the server that they are for, unless the request has its own") {
    Network network;
    SessionOptions options;
    auto table = std::make_shared<CredentialTable>();
    table->add_origin("http://a.example", {"user", "pass"});
    options.credentials = table;
    Session session = session_over(network, options);
    co_await exchange(session, network, get("http://a.example/x"), 0, std::string(small_answer));
    CHECK(network.heads[0].find("\r\nAuthorization: Basic dXNlcjpwYXNz\r\n") != std::string::npos);
    co_await exchange(session, network, get("http://b.example/x"), 1, std::string(small_answer));
    CHECK(network.heads[1].find("Authorization") == std::string::npos);
    Request own = get("http://a.example:81/x");
    own.headers.add("Authorization", "Bearer x");
    co_await exchange(session, network, std::move(own), 2, std::string(small_answer));
    CHECK(network.heads[2].find("\r\nAuthorization: Bearer x\r\n") != std::string::npos);
}
