#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/internal/h2_frames.hpp"
#include "plait/http/internal/h2_pool.hpp"
#include "plait/http/session.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <array>
#include <deque>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using namespace std::chrono_literals;

namespace {

/// Servers in memory that agree on `alpn`. `server(n)` is the server's end of the n-th connection.
struct Network {
    testing::MemoryStream& server(std::size_t n) { return *servers.at(n); }
    void say(std::size_t n, std::string_view bytes) {
        REQUIRE(servers.at(n)->try_write(std::as_bytes(std::span(bytes))) == bytes.size());
    }

    std::string alpn = "h2";
    std::string settings = frames::settings();
    std::optional<Error> failure;
    std::deque<std::unique_ptr<testing::MemoryStream>> servers;
};

class NetworkConnector : public Connector {
  public:
    explicit NetworkConnector(Network& network) : network_(network) {}
    Task<NewConnection> connect(net::Endpoint, bool, Offer offer, ConnectStep& step) override {
        step = ConnectStep::encrypting;
        co_await sleep_for(10ms);
        if (network_.failure) throw *network_.failure;
        auto [client, server] = testing::memory_streams();
        NewConnection made(std::move(client));
        made.alpn = offer == Offer::http_1_1 ? "http/1.1" : network_.alpn;
        network_.servers.push_back(std::move(server));
        if (made.alpn == "h2") network_.say(network_.servers.size() - 1, network_.settings);
        co_return made;
    }

  private:
    Network& network_;
};

/// A session, its network, and calls on their way.
class Bench {
  public:
    explicit Bench(SessionOptions options = {})
        : session_(std::move(options), std::make_unique<NetworkConnector>(network)) {}

    void send(Request request) {
        texts.emplace_back();
        group.start(send_into(session_, std::move(request), texts.back()));
    }
    void get(int count = 1) {
        for (int i = 0; i < count; ++i) send(Request("GET", "https://a.example/x"));
    }
    void post() { send(Request("POST", "https://a.example/x")); }

    static Task<void> send_into(Session& session, Request request, std::string& text) {
        try {
            const Response response = co_await session.send(std::move(request));
            text = std::to_string(response.status) + " " + response.body + " by " +
                   std::string(to_string(response.version)) + (response.reused ? " reused" : "");
        } catch (const SendError& error) {
            text = std::string(to_string(error.code())) + (error.maybe_sent() ? " maybe sent" : "") +
                   (error.was_stale() ? " stale" : "") + (error.was_refused() ? " refused" : "");
        }
    }

    Network network;
    std::deque<std::string> texts;

  private:
    Session session_;

  public:
    TaskGroup group;
};

}  // namespace

TEST_CASE("the next step of a call follows from what is known of its origin") {
    H2State state;
    state.waiting = 1;
    CHECK(plan_stream(state) == H2Step::open);
    state.opening = 1;
    CHECK(plan_stream(state) == H2Step::wait);
    state.spoken = Spoken::http_1;
    CHECK(plan_stream(state) == H2Step::http_1);
    state.spoken = Spoken::http_2;
    state.waiting = 1000;
    CHECK(plan_stream(state) == H2Step::wait);  // the first one shows for how many there is room
    state.expected_room = 100;
    CHECK(plan_stream(state) == H2Step::open);
    state.opening = 10;
    CHECK(plan_stream(state) == H2Step::wait);
    state.is_new = true;
    CHECK(plan_stream(state) == H2Step::open);
    state.is_new = false;
    state.has_room = true;
    CHECK(plan_stream(state) == H2Step::use);
}

ASYNC_TEST("calls that come while the first connection is opened share it") {
    Bench bench;
    bench.get(3);
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 1);
    bench.network.say(0, frames::answer(1) + frames::answer(3) + frames::answer(5));
    co_await bench.group.join();
    CHECK(bench.texts == std::deque<std::string>{"200 hi by 2", "200 hi by 2 reused", "200 hi by 2 reused"});
}

ASYNC_TEST("calls that come while it is opened have their own connections if it speaks HTTP/1.1") {
    Bench bench;
    bench.network.alpn = "http/1.1";
    bench.get(3);
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 3);
    for (int n = 0; n < 3; ++n) bench.network.say(n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    co_await bench.group.join();
    CHECK(bench.texts[2] == "200 hi by 1.1");
    bench.get(2);
    co_await sleep_for(1s);
    CHECK(bench.network.servers.size() == 3);
    for (int n = 1; n < 3; ++n) bench.network.say(n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    co_await bench.group.join();
    CHECK(bench.texts[4] == "200 hi by 1.1 reused");
}

ASYNC_TEST("a server that wants HTTP/1.1 for a request gets it, and all later ones, in HTTP/1.1") {
    constexpr std::uint32_t http_1_1_required = 13;
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    for (const bool by_goaway : {false, true}) {
        Bench bench;
        bench.post();
        co_await sleep_for(1s);
        bench.network.say(0, by_goaway ? frames::goaway(0, http_1_1_required) : frames::reset(1, http_1_1_required));
        co_await sleep_for(1s);
        REQUIRE(bench.network.servers.size() == 2);
        bench.network.say(1, answer);
        co_await bench.group.join();
        CHECK(bench.texts[0] == "200 hi by 1.1");
        bench.get();
        co_await sleep_for(1s);
        CHECK(bench.network.servers.size() == 2);
        bench.network.say(1, answer);
        co_await bench.group.join();
        CHECK(bench.texts[1] == "200 hi by 1.1 reused");
    }
}

ASYNC_TEST("where HTTP/2 was asked for, a server that wants HTTP/1.1 is an error") {
    SessionOptions options;
    options.http = HttpChoice::http_2;
    Bench bench(std::move(options));
    bench.post();
    co_await sleep_for(1s);
    bench.network.say(0, frames::reset(1, 13));
    co_await bench.group.join();
    CHECK(bench.texts[0] == "reset");
    CHECK(bench.network.servers.size() == 1);
}

ASYNC_TEST("where no more connections may be opened, a call goes as soon as another one has room") {
    SessionOptions options;
    options.pool.max_connections = 1;
    Bench bench(std::move(options));
    bench.network.settings = frames::settings(frames::max_streams(1));
    bench.get(4);
    for (std::uint32_t stream = 1; stream < 9; stream += 2) {
        co_await sleep_for(1s);
        bench.network.say(0, frames::answer(stream));
    }
    co_await bench.group.join();
    for (const std::string& text : bench.texts) CHECK(text.starts_with("200 hi by 2"));
    CHECK(bench.network.servers.size() == 1);
}

ASYNC_TEST("a connection without calls gives way to one to another origin") {
    SessionOptions options;
    options.pool.max_connections = 1;
    Bench bench(std::move(options));
    bench.get();
    co_await sleep_for(1s);
    bench.send(Request("GET", "https://b.example/x"));
    co_await sleep_for(1s);
    bench.network.say(0, frames::answer(1));
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 2);
    bench.network.say(1, frames::answer(1));
    co_await bench.group.join();
    CHECK(bench.texts == std::deque<std::string>{"200 hi by 2", "200 hi by 2"});
}

ASYNC_TEST("connections without calls are closed after a time, and beyond the most to be kept") {
    const auto is_closed = [](testing::MemoryStream& server) {
        try {
            return !server.try_write(std::as_bytes(std::span("x", 1)));
        } catch (const Error&) {
            return true;
        }
    };
    SessionOptions options;
    options.pool.max_idle = 2;
    Bench bench(std::move(options));
    for (std::size_t i = 0; i < 3; ++i) {
        bench.send(Request("GET", "https://" + std::string(1, static_cast<char>('a' + i)) + ".example/"));
        co_await sleep_for(1s);
        bench.network.say(i, frames::answer(1));
        co_await sleep_for(1s);
    }
    CHECK(is_closed(bench.network.server(0)));
    CHECK(bench.network.server(0).is_quiet() == false);
    co_await sleep_for(60s);
    bench.send(Request("GET", "https://d.example/"));
    co_await sleep_for(1s);
    bench.network.say(3, frames::answer(1));
    co_await bench.group.join();
    CHECK(is_closed(bench.network.server(1)));
    CHECK(is_closed(bench.network.server(2)));
    CHECK_FALSE(is_closed(bench.network.server(3)));
}

ASYNC_TEST("calls that wait for a connection that can't be opened fail with it") {
    Bench bench;
    bench.network.failure.emplace(ErrorCode::connect, "refused");
    bench.get(3);
    co_await bench.group.join();
    CHECK(bench.texts == std::deque<std::string>{"connect", "connect", "connect"});
}

ASYNC_TEST("as many connections are opened as the waiting calls need, and no server gets one stream too many") {
    Bench bench;
    bench.network.settings = frames::settings(frames::max_streams(2));
    bench.get(5);
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 3);
    for (int n = 0; n < 2; ++n) bench.network.say(n, frames::answer(1) + frames::answer(3));
    bench.network.say(2, frames::answer(1));
    co_await bench.group.join();
    for (const std::string& text : bench.texts) CHECK(text.starts_with("200 hi by 2"));
}

ASYNC_TEST("a free stream goes to the call that waits for longest") {
    SessionOptions options;
    options.pool.max_connections = 1;
    Bench bench(options);
    bench.network.settings = frames::settings(frames::max_streams(1));
    bench.get(3);
    co_await sleep_for(1s);
    for (std::uint32_t id = 1; id <= 5; id += 2) {
        bench.network.say(0, frames::answer(id));
        co_await sleep_for(1s);
    }
    co_await bench.group.join();
    CHECK(bench.texts[0] == "200 hi by 2");
    CHECK(bench.texts[2] == "200 hi by 2 reused");
    CHECK(bench.network.servers.size() == 1);
}

ASYNC_TEST("after a goodbye, new calls go over a new connection, and what was not processed says so") {
    Bench bench;
    bench.get();
    bench.post();
    co_await sleep_for(1s);
    bench.network.say(0, frames::goaway(1, frames::no_error));
    co_await sleep_for(1s);
    CHECK(bench.texts[1] == "reset refused");
    bench.post();
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 2);
    bench.network.say(0, frames::answer(1, "old"));
    bench.network.say(1, frames::answer(1, "new"));
    co_await bench.group.join();
    CHECK(bench.texts[0] == "200 old by 2");
    CHECK(bench.texts[2] == "200 new by 2");
}

ASYNC_TEST("a POST without an answer at or below the last stream may have been executed") {
    Bench bench;
    bench.post();
    co_await sleep_for(1s);
    bench.network.say(0, frames::goaway(1, frames::no_error));
    bench.network.servers[0] = nullptr;
    co_await bench.group.join();
    CHECK(bench.texts[0] == "reset maybe sent");
}

ASYNC_TEST("a connection carries a limited number of calls") {
    SessionOptions options;
    options.pool.max_calls_per_connection = 2;
    Bench bench(options);
    for (std::size_t i = 0; i < 5; ++i) {
        bench.get();
        co_await sleep_for(1s);
        CHECK(bench.network.servers.size() == i / 2 + 1);
        bench.network.say(i / 2, frames::answer(i % 2 == 0 ? 1 : 3));
        co_await bench.group.join();
        CHECK(bench.texts[i].starts_with("200 hi by 2"));
    }
}

ASYNC_TEST("an idle connection is looked at before it is used, and is too old for a POST after some seconds") {
    Bench bench;
    bench.get();
    co_await sleep_for(1s);
    bench.network.say(0, frames::answer(1));
    co_await bench.group.join();
    bench.network.say(0, frames::goaway(1, frames::no_error));
    bench.get();
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 2);
    bench.network.say(1, frames::answer(1));
    co_await bench.group.join();
    co_await sleep_for(5s);
    bench.get();
    co_await sleep_for(1s);
    CHECK(bench.network.servers.size() == 2);
    bench.network.say(1, frames::answer(3));
    co_await bench.group.join();
    co_await sleep_for(5s);
    bench.post();
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 3);
    bench.network.say(2, frames::answer(1));
    co_await bench.group.join();
    CHECK(bench.texts.back() == "200 hi by 2");
}

ASYNC_TEST("a request over a new connection gets one that has carried no call") {
    Bench bench;
    bench.get();
    co_await sleep_for(1s);
    bench.network.say(0, frames::answer(1));
    co_await bench.group.join();
    Request request("GET", "https://a.example/x");
    request.over_new_connection = true;
    bench.send(std::move(request));
    co_await sleep_for(1s);
    REQUIRE(bench.network.servers.size() == 2);
    bench.network.say(1, frames::answer(1));
    co_await bench.group.join();
    CHECK(bench.texts[1] == "200 hi by 2");
}

ASYNC_TEST("HTTP/2 by order is an error where the server does not speak it") {
    SessionOptions options;
    options.http = HttpChoice::http_2;
    Bench bench(options);
    bench.network.alpn = "http/1.1";
    bench.get();
    co_await bench.group.join();
    CHECK(bench.texts[0] == "protocol");
}

ASYNC_TEST("without TLS, HTTP/2 that the options demand is spoken from the first byte") {
    SessionOptions options;
    options.http = HttpChoice::http_2;
    Bench bench(options);
    bench.send(Request("GET", "http://a.example/x"));
    co_await sleep_for(1s);
    bench.network.say(0, frames::answer(1));
    co_await bench.group.join();
    CHECK(bench.texts[0] == "200 hi by 2");
}

namespace {

/// Answers the calls on the n-th connection one after another, each in 100 ms.
Task<void> answer_one_by_one(Network& network, std::size_t n) {
    constexpr std::size_t preface = 24, frame_head = 9;
    std::string got;
    std::size_t at = preface;
    std::array<std::byte, 4096> buffer;
    for (;;) {
        const std::size_t size = co_await read_some(network.server(n), buffer);
        if (size == 0) co_return;
        got.append(reinterpret_cast<const char*>(buffer.data()), size);
        const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(got[i])); };
        while (got.size() >= at + frame_head) {
            const std::size_t end = at + frame_head + (byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2));
            if (got.size() < end) break;
            if (byte(at + 3) == 1) {
                co_await sleep_for(100ms);
                network.say(n, frames::answer(byte(at + 7) << 8 | byte(at + 8)));
            }
            at = end;
        }
    }
}

Task<void> serve(Network& network, TaskGroup& group) {
    for (std::size_t n = 0;; ++n) {
        while (network.servers.size() <= n) co_await sleep_for(1ms);
        group.start(answer_one_by_one(network, n));
    }
}

Task<void> call_again_and_again(Session& session, int times) {
    for (int i = 0; i < times; ++i) co_await session.get("https://a.example/x");
}

}  // namespace

ASYNC_TEST("calls that wait for each other on a connection are spread over more, although it has room") {
    Network network;
    Session session({}, std::make_unique<NetworkConnector>(network));
    TaskGroup servers;
    servers.start(serve(network, servers));
    TaskGroup calls;
    const TimePoint begin = now();
    for (int i = 0; i < 40; ++i) calls.start(call_again_and_again(session, 50));
    co_await calls.join();
    CHECK(network.servers.size() > 4);
    CHECK(now() - begin < 100s);  // over one connection: 200 s
    servers.cancel();
    co_await servers.join();
}
