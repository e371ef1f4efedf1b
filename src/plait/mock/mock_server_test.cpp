#include "plait/mock/mock_server.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/loopback.hpp"
#include "plait/testing/memory_stream.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::mock;
using namespace std::chrono_literals;
using testing::memory_streams;
using testing::read_until;
using testing::write_text;

namespace {

/// Returns what a server with these options sends, in memory, to a client that sends `requests` and then closes.
Task<std::string> exchange(MockServer& server, std::string requests) {
    auto [client, connection] = memory_streams();
    TaskGroup group;
    group.start(server.serve_connection(std::move(connection)));
    co_await write_text(*client, std::move(requests));
    client->close_write();
    std::string all;
    std::array<std::byte, 4096> buffer;
    while (const auto count = co_await read_some(*client, buffer)) {
        all.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
    co_await group.join();
    co_return all;
}

Task<std::string> exchange(MockOptions options, std::string requests) {
    MockServer server(std::move(options));
    co_return co_await exchange(server, std::move(requests));
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

std::string answer_with(const std::string& status, const std::string& type, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

const std::string small_document = R"({"id":1,"name":"plait","value":42,"tags":["a","b","c"]})";

Task<Duration> time_of(MockServer& server, std::string requests) {
    const TimePoint start = now();
    co_await exchange(server, std::move(requests));
    co_return now() - start;
}

/// Returns the times that `count` simultaneous requests take, in order, each over its own connection.
Task<std::vector<Duration>> times_of(MockServer& server, std::size_t count) {
    std::vector<Duration> times(count);
    TaskGroup group;
    for (std::size_t i = 0; i < count; ++i) {
        group.start([](MockServer& to, std::string requests,
                       Duration& time) -> Task<void> { time = co_await time_of(to, std::move(requests)); },
                    std::ref(server), get("/" + std::to_string(i)), std::ref(times[i]));
        co_await testing::others_wait();  // so that they come in this order also where ready tasks are shuffled
    }
    co_await group.join();
    co_return times;
}

/// Serves until the test ends it.
Task<void> serve_in(CancelScope& scope, MockServer& server) { co_await scope.run(server.serve()); }

Task<std::unique_ptr<ByteStream>> connect_to(const MockServer& server, std::string host) {
    std::vector<net::Address> addresses(1, *net::Address::parse(host, server.port()));
    net::Endpoint endpoint(std::move(host), server.port());
    return net::connect_tcp(std::move(endpoint), std::move(addresses));
}

}  // namespace

ASYNC_TEST("a request is echoed as JSON") {
    const auto answer =
        co_await exchange(MockOptions(),
                          "PUT /some/path?a=1 HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nX-Many: 2\r\nx-many: 3\r\n"
                          "Content-Length: 7\r\n\r\n\"hello\"");
    const std::string body =
        R"({"method":"PUT","target":"/some/path?a=1","headers":{"host":"h","x-one":"1","x-many":["2","3"],"content-length":"7"},"body":"\"hello\""})";
    CHECK(answer == answer_with("200 OK", "application/json", body));
}

ASYNC_TEST("a request without fields is echoed too") {
    CHECK(body_of(co_await exchange(MockOptions(), "GET / HTTP/1.1\r\n\r\n")) ==
          R"({"method":"GET","target":"/","headers":{},"body":""})");
}

ASYNC_TEST("answers have the status and the size that the options say") {
    MockOptions options;
    options.status = 429;
    options.body_bytes = 10;
    CHECK(co_await exchange(options, get("/")) == answer_with("429 Too Many Requests", "text/plain", "xxxxxxxxxx"));
    options.body_bytes = 0;
    CHECK(co_await exchange(options, get("/")) == answer_with("429 Too Many Requests", "text/plain", ""));
    const std::size_t many = 1'000'000;
    options.body_bytes = many;
    CHECK(body_of(co_await exchange(options, get("/"))) == std::string(many, 'x'));
}

ASYNC_TEST("the path can set the status") {
    CHECK((co_await exchange(MockOptions(), get("/status/503"))).starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK((co_await exchange(MockOptions(), get("/status/299?a=b"))).starts_with("HTTP/1.1 299 "));
}

ASYNC_TEST("the path can set the latency and the size of an answer") {
    MockServer server{MockOptions()};
    CHECK(co_await time_of(server, get("/delay/60000")) == 60s);
    CHECK(co_await exchange(server, get("/delay/0")) == answer_with("200 OK", "application/json", small_document));
    CHECK(co_await exchange(server, get("/delay/1/5?x")) == answer_with("200 OK", "text/plain", "xxxxx"));
}

ASYNC_TEST("an invalid path is refused with the right form") {
    for (const char* path : {"/delay/", "/delay/x", "/delay/-1", "/delay/1/", "/delay/1/1e9", "/delay/99999999999",
                             "/status/", "/status/99", "/status/600", "/status/abc"}) {
        CAPTURE(path);
        const auto answer = co_await exchange(MockOptions(), get(path));
        CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
        CHECK(body_of(answer).starts_with(R"({"error":"write /)"));
    }
}

ASYNC_TEST("every answer has the latency of the options") {
    MockOptions options;
    options.latency = Latency{90ms, 90ms};
    MockServer server(std::move(options));
    CHECK(co_await time_of(server, get("/")) == 90ms);
    CHECK(co_await time_of(server, get("/status/204")) == 90ms);
}

ASYNC_TEST("latencies are within their range, differ, and depend on the seed alone") {
    std::vector<Duration> first;
    std::vector<Duration> second;
    for (auto* seen : {&first, &second}) {
        MockOptions options;
        options.latency = Latency{50ms, 200ms};
        options.seed = 7;
        MockServer server(std::move(options));
        for (int i = 0; i < 20; ++i) seen->push_back(co_await time_of(server, get("/")));
    }
    CHECK(first == second);
    const auto [least, most] = std::minmax_element(first.begin(), first.end());
    CHECK(*least >= 50ms);
    CHECK(*most <= 200ms);
    CHECK(*least < *most);
}

ASYNC_TEST("lognormal latencies spread around their median, and depend on the seed alone") {
    const auto seen = [](std::uint64_t seed) -> Task<std::vector<Duration>> {
        MockOptions options;
        options.latency = Latency{100ms, 100ms, 0.5};
        options.seed = seed;
        MockServer server(std::move(options));
        std::vector<Duration> times;
        for (int i = 0; i < 1001; ++i) times.push_back(co_await time_of(server, get("/" + std::to_string(i))));
        co_return times;
    };
    std::vector<Duration> times = co_await seen(1);
    CHECK(times == co_await seen(1));
    CHECK(times != co_await seen(2));
    std::sort(times.begin(), times.end());
    const auto near = [](Duration time, Duration expected) { return time > 0.85 * expected && time < 1.15 * expected; };
    CHECK(near(times[500], 100ms));
    CHECK(near(times[159], 60653us));   // a standard deviation below: 100 ms times exp(-0.5)
    CHECK(near(times[841], 164872us));  // one above
}

ASYNC_TEST("an answer takes longer for each other request in flight") {
    MockOptions options;
    options.latency = Latency{10ms, 10ms};
    options.latency_per_request = 2ms;
    MockServer server(std::move(options));
    CHECK(co_await time_of(server, get("/alone")) == 10ms);
    const std::vector<Duration> times = co_await times_of(server, 3);
    CHECK(times == std::vector<Duration>{10ms, 12ms, 14ms});
}

ASYNC_TEST("as many answers as there are slots are made at a time, in order of arrival") {
    MockOptions options;
    options.latency = Latency{10ms, 10ms};
    options.slots = 2;
    MockServer server(std::move(options));
    const std::vector<Duration> times = co_await times_of(server, 5);
    CHECK(times == std::vector<Duration>{10ms, 10ms, 20ms, 20ms, 30ms});
}

ASYNC_TEST("a latency in the path needs no slot") {
    MockOptions options;
    options.latency = Latency{10ms, 10ms};
    options.slots = 1;
    MockServer server(std::move(options));
    TaskGroup group;
    group.start(
        [](MockServer& to) -> Task<void> {
            std::string request = get("/");
            co_await exchange(to, std::move(request));
        },
        std::ref(server));
    co_await sleep_for(1ms);
    CHECK(co_await time_of(server, get("/refuse/1")) == 0ms);
    CHECK(co_await time_of(server, get("/delay/10")) == 19ms);
    co_await group.join();
}

ASYNC_TEST("latency before counting is added, and can change the order of requests") {
    MockOptions options;
    options.latency_before = Latency{0ms, 100ms};
    options.latency = Latency{10ms, 10ms};
    options.allowed = {AllowedRate::parse("3/m")};
    MockServer server(std::move(options));
    const std::vector<Duration> times = co_await times_of(server, 6);
    CHECK(server.statistics().refused == 3);
    CHECK_FALSE(std::is_sorted(times.begin(), times.end()));
    const auto over_10ms = [](Duration time) { return time > 10ms; };
    CHECK(std::count_if(times.begin(), times.end(), over_10ms) == 6);
}

ASYNC_TEST("pipelined requests are answered in order") {
    MockServer server{MockOptions()};
    const auto answers = co_await exchange(server, get("/delay/20/1") + get("/delay/0/2") + get("/delay/10/3"));
    CHECK(answers == answer_with("200 OK", "text/plain", "x") + answer_with("200 OK", "text/plain", "xx") +
                         answer_with("200 OK", "text/plain", "xxx"));
    CHECK(server.statistics().connections == 1);
}

ASYNC_TEST("the connection ends when the client asks for it") {
    const auto answer = co_await exchange(
        MockOptions(), "GET /delay/0/1 HTTP/1.1\r\nConnection: close\r\n\r\n" + get("/never-answered"));
    CHECK(answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    const auto old = co_await exchange(MockOptions(), "GET /delay/0/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(old == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx");
}

ASYNC_TEST("answers to HEAD, and with statuses without a body, have none") {
    CHECK(co_await exchange(MockOptions(), "HEAD /delay/0/7 HTTP/1.1\r\n\r\n") ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n");
    CHECK(co_await exchange(MockOptions(), get("/status/204")) == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(body_of(co_await exchange(MockOptions(), get("/status/304"))).empty());
}

ASYNC_TEST("chunked bodies are read, and 100 Continue is sent to a client that waits for it") {
    CHECK(body_of(co_await exchange(MockOptions(),
                                    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
              .ends_with(R"("body":"abcde"})"));
    MockServer server{MockOptions()};
    auto [client, connection] = memory_streams();
    TaskGroup group;
    group.start(server.serve_connection(std::move(connection)));
    co_await write_text(*client, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(co_await read_until(*client, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    co_await write_text(*client, "ok");
    CHECK((co_await read_until(*client, "}")).find("HTTP/1.1 200 OK") == 0);
    client.reset();
    co_await group.join();
}

ASYNC_TEST("garbage is refused, and the connection ends") {
    for (const char* rubbish : {"rubbish\r\n\r\n", "\x16\x03\x01\x02\x03\r\n", "GET / HTTP/1.1\r\nbad\r\n\r\n"}) {
        const auto answer = co_await exchange(MockOptions(), rubbish);
        CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
        CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    }
}

ASYNC_TEST("a refused client that keeps sending is cut off after a while") {
    MockServer server{MockOptions()};
    auto [client, connection] = memory_streams();
    co_await write_text(*client, "rubbish\r\n\r\n");
    const TimePoint start = now();
    co_await server.serve_connection(std::move(connection));
    CHECK(now() - start == 1s);
}

ASYNC_TEST("a request over a limit is refused with the right status") {
    MockOptions options;
    options.header_bytes = 1000;
    options.request_body_bytes = 10;
    CHECK((co_await exchange(options, "GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"))
              .starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    CHECK((co_await exchange(options, "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n12345678901"))
              .starts_with("HTTP/1.1 413 "));
}

ASYNC_TEST("a client that disconnects in the middle does not affect others") {
    MockServer server{MockOptions()};
    for (const char* part : {"", "GET / HT", "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nx"}) {
        CHECK(co_await exchange(server, part) == "");
    }
    CHECK(server.statistics().requests == 0);
}

ASYNC_TEST("the statistics count requests, but not those for statistics") {
    MockServer server{MockOptions()};
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
        group.start(
            [](MockServer& to, std::string requests) -> Task<void> { co_await exchange(to, std::move(requests)); },
            std::ref(server), get("/delay/10") + get("/delay/10"));
    }
    co_await sleep_for(5ms);
    CHECK(server.statistics().in_flight == 3);
    co_await group.join();
    co_await sleep_for(2s);
    co_await exchange(server, get("/"));
    const auto body = body_of(co_await exchange(server, get("/stats")));
    CHECK(
        body ==
        R"({"requests":7,"answered":7,"refused":0,"connections":5,"connections_refused":0,"in_flight":0,"most_in_flight":3,)"
        R"("most_in_a_second":6,"ids":2,"ids_more_than_once":1,"untracked":0,"crashes":0,"faults":{}})");
}

ASYNC_TEST("the server answers at each loopback address, and ends when it is cancelled") {
    MockOptions options;
    options.hosts = testing::loopback_hosts();
    MockServer server(std::move(options));
    CHECK(server.url() == "http://127.0.0.1:" + std::to_string(server.port()));
    CancelScope scope;
    TaskGroup group;
    group.start(serve_in(scope, server));
    for (const std::string& host : testing::loopback_hosts()) {
        auto client = co_await connect_to(server, host);
        co_await write_text(*client, get("/delay/0"));
        CHECK((co_await read_until(*client, "}")).ends_with(small_document));
    }
    auto idle = co_await connect_to(server, "127.0.0.1");
    scope.cancel();
    co_await group.join();
    CHECK(co_await read_until(*idle, "x") == "");
}

ASYNC_TEST("a connection over the limit is closed and counted, and a later one is accepted") {
    MockOptions options;
    options.most_connections = 1;
    MockServer server(std::move(options));
    CancelScope scope;
    TaskGroup group;
    group.start(serve_in(scope, server));
    auto first = co_await connect_to(server, "127.0.0.1");
    co_await write_text(*first, get("/delay/0"));
    CHECK((co_await read_until(*first, "}")).ends_with(small_document));
    auto second = co_await connect_to(server, "127.0.0.1");
    CHECK(co_await read_until(*second, "never") == "");
    CHECK(server.statistics().connections_refused == 1);
    CHECK(server.statistics().connections == 1);
    first->close_write();
    CHECK(co_await read_until(*first, "never") == "");
    auto third = co_await connect_to(server, "127.0.0.1");
    co_await write_text(*third, get("/delay/0"));
    CHECK((co_await read_until(*third, "}")).ends_with(small_document));
    scope.cancel();
    co_await group.join();
}

ASYNC_TEST("a client that trusts the server's certificate is answered over TLS") {
    const auto ca_file =
        std::filesystem::temp_directory_path() / ("plait_mock_test_" + std::to_string(::getpid()) + ".pem");
    MockOptions options;
    options.tls = true;
    options.ca_file = ca_file.string();
    MockServer server(std::move(options));
    CHECK(server.url().starts_with("https://127.0.0.1:"));
    net::TlsOptions client_options;
    client_options.ca_file = ca_file.string();
    net::TlsContext context(std::move(client_options));
    CancelScope scope;
    TaskGroup group;
    group.start(serve_in(scope, server));
    for (const char* host : {"127.0.0.1", "localhost"}) {
        auto plain = co_await connect_to(server, "127.0.0.1");
        net::Endpoint endpoint(host, server.port());
        auto client = co_await context.connect(std::move(plain), std::move(endpoint));
        co_await write_text(*client, get("/delay/0/100000"));
        CHECK((co_await read_until(*client, std::string(100000, 'x'))).find("HTTP/1.1 200 OK") == 0);
        client->close_write();
        CHECK(co_await read_until(*client, "y") == "");
    }
    auto rude = co_await connect_to(server, "127.0.0.1");
    co_await write_text(*rude, get("/"));
    co_await read_until(*rude, "never");
    scope.cancel();
    co_await group.join();
    std::filesystem::remove(ca_file);
}

TEST_CASE("invalid options are refused") {
    const auto refusal = [](std::function<void(MockOptions&)> change) {
        MockOptions options;
        change(options);
        try {
            MockServer server(std::move(options));
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK(refusal([](MockOptions& o) { o.hosts.clear(); }) == "a mock server listens at one address or more");
    CHECK(refusal([](MockOptions& o) { o.hosts = {"localhost"}; }) ==
          "listen at 'localhost': not an address; write 127.0.0.1, ::1 or 0.0.0.0");
    CHECK(refusal([](MockOptions& o) { o.status = 100; }) == "the status of a mock server is from 200 to 599");
    CHECK(refusal([](MockOptions& o) {
              o.latency = Latency{2ms, 1ms};
          }) == "the latency of a mock server goes from the shorter to the longer time");
    CHECK(refusal([](MockOptions& o) {
              o.latency_before = Latency{1ms, 1ms, 4};
          }) == "the sigma of a mock server's latency is from 0 to 3");
}

TEST_CASE("a certificate that can't be written is an error") {
    MockOptions options;
    options.tls = true;
    options.ca_file = "/no/such/folder/ca.pem";
    CHECK_THROWS_WITH_AS(MockServer(std::move(options)), "write /no/such/folder/ca.pem: No such file or directory",
                         Error);
}

ASYNC_TEST("a list comes in pages, of which each names the next one in three ways") {
    MockServer server{MockOptions()};
    std::string answer = co_await exchange(server, "GET /pages?n=2&id=a HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.find("Link: </pages?page=2&n=2&id=a>; rel=\"next\"") != std::string::npos);
    CHECK(answer.find(R"({"page":1,"of":2,"more":true,"items":[1,2,3],"next":"/pages?page=2&n=2&id=a","cursor":2})") !=
          std::string::npos);
    answer = co_await exchange(server, "GET /pages?page=2&n=2&id=a HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.find("Link:") == std::string::npos);
    CHECK(answer.find(R"("items":[4,5,6],"next":null,"cursor":null})") != std::string::npos);
    answer = co_await exchange(server, "GET /pages/loop?n=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.find(R"("next":"/pages/loop?page=1&n=1")") != std::string::npos);
    answer = co_await exchange(server, "GET /pages/elsewhere?n=2 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n");
    CHECK(answer.find(R"("next":"http://localhost:80/pages/elsewhere?page=2&n=2")") != std::string::npos);
    answer = co_await exchange(server, "GET /pages/missing?n=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 404"));
    answer = co_await exchange(server, "GET /pages/counted?n=1&page=2 HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.find(R"({"page":2,"of":1,"more":false,"items":[],"next":null,"cursor":null})") != std::string::npos);
    answer =
        co_await exchange(server, "POST /pages?n=3 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{\"page\": 2}");
    CHECK(answer.find(R"("items":[4,5,6],)") != std::string::npos);
    answer = co_await exchange(server, "GET /pages HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.find("write /pages?n=<pages>") != std::string::npos);
}

ASYNC_TEST("a job runs for a while, and its URL says when it has ended") {
    MockServer server{MockOptions()};
    const auto post = [&](const char* target) {
        return exchange(server, fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", target));
    };
    const std::string started = co_await post("/jobs/86400000?id=a&end=failed&retry_after=3");
    CHECK(started.starts_with("HTTP/1.1 202"));
    CHECK(started.find("Retry-After: 3\r\n") != std::string::npos);
    const auto begin = started.find("Location: ") + std::string_view("Location: ").size();
    const std::string place = started.substr(begin, started.find('\r', begin) - begin);
    CHECK(place.ends_with("?end=failed&retry_after=3"));
    std::string answer = co_await exchange(server, fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", place));
    CHECK(answer.starts_with("HTTP/1.1 202"));
    CHECK(answer.find(R"("status":"running")") != std::string::npos);
    answer = co_await exchange(server, "GET /jobs/5/1000?end=failed HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(answer.find(R"("status":"failed")") != std::string::npos);
    CHECK((co_await post("/jobs/x")).find("write /jobs/<ms>") != std::string::npos);
}
