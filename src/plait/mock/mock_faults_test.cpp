#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/coding/encoder.hpp"
#include "plait/mock/internal/fault_table.hpp"
#include "plait/mock/mock_server.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::mock;
using namespace std::chrono_literals;
using testing::memory_streams;
using testing::write_text;

namespace {

/// What a client received within a minute, and how the connection ended: "end", "reset" or "nothing".
struct Seen {
    Seen() {}
    std::string bytes;
    std::string ending = "nothing";
    Duration took{};
};

Task<void> read_all(ByteStream& stream, Seen& seen) {
    std::array<std::byte, 4096> buffer;
    try {
        while (const auto count = co_await read_some(stream, buffer)) {
            seen.bytes.append(reinterpret_cast<const char*>(buffer.data()), count);
        }
        seen.ending = "end";
    } catch (const Error& error) {
        seen.ending = error.code() == ErrorCode::reset ? "reset" : error.what();
    }
}

Task<Seen> ask(MockServer& server, std::string request) {
    auto [client, connection] = memory_streams();
    TaskGroup group;
    group.start(server.serve_connection(std::move(connection)));
    const TimePoint start = now();
    co_await write_text(*client, std::move(request));
    Seen seen;
    co_await within(60s, read_all(*client, seen));
    seen.took = now() - start;
    client.reset();
    co_await group.join();
    co_return seen;
}

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n";
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

/// The status; 0 without an answer.
int status_of(const Seen& seen) { return seen.bytes.size() < 12 ? 0 : std::stoi(seen.bytes.substr(9, 3)); }

Task<std::string> stats(MockServer& server, std::string path = "/stats") {
    const Seen seen = co_await ask(server, get(path));
    co_return body_of(seen.bytes);
}

std::string big_endian(std::size_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
    return text;
}

std::string http_2_frame(char type, char flags, std::size_t stream, const std::string& payload) {
    return big_endian(payload.size(), 3) + type + flags + big_endian(stream, 4) + payload;
}

/// A GET request as HPACK has it without compression (RFC 7541, section 6.2.2).
std::string http_2_get(std::size_t stream, const std::string& path) {
    std::string block;
    for (const std::string& text :
         {std::string(":method"), std::string("GET"), std::string(":scheme"), std::string("http"),
          std::string(":authority"), std::string("a.example"), std::string(":path"), path}) {
        if (text.starts_with(':')) block += '\0';
        block += static_cast<char>(text.size());
        block += text;
    }
    constexpr char headers = 1, end_stream_and_headers = 5;
    return http_2_frame(headers, end_stream_and_headers, stream, block);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

MockOptions ten_bytes() {
    MockOptions options;
    options.body_bytes = 10;
    return options;
}

const std::string ten_byte_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\n";

}  // namespace

ASYNC_TEST("the path of each fault does what the fault says") {
    struct Expected {
        const char* name;
        std::string bytes;
        const char* ending;
    };
    std::string chunked = ten_byte_head;
    chunked.replace(chunked.find("Content-Length: 10"), 18, "Transfer-Encoding: chunked");
    std::string two_lengths = ten_byte_head;
    two_lengths.replace(two_lengths.find("Content-Length: 10"), 18, "Content-Length: 5\r\nContent-Length: 6");
    std::string bad_status = ten_byte_head;
    bad_status.replace(9, 6, "2x0 Fine");
    const std::vector<Expected> all = {
        {"reset-before", "", "reset"},
        {"goaway", "", "reset"},
        {"reset-after", "", "reset"},
        {"reset-body", ten_byte_head + "xxxxx", "reset"},
        {"close", "", "end"},
        {"stall", "", "nothing"},
        {"stall-head", ten_byte_head, "nothing"},
        {"stall-body", ten_byte_head + "xxxxx", "nothing"},
        {"cut-length", ten_byte_head + "xxxxx", "end"},
        {"cut-chunks", chunked + "5\r\nplait\r\n", "end"},
        {"bad-status-line", bad_status + "xxxxxxxxxx", "end"},
        {"bad-chunk-size", chunked + "five\r\nplait\r\n0\r\n\r\n", "end"},
        {"bad-length", two_lengths + "plait!", "end"},
        {"http-1.1-required", ten_byte_head + "xxxxxxxxxx", "end"},
        {"drip", ten_byte_head + "xxxxxxxxxx", "end"},
    };
    for (const Expected& expected : all) {
        CAPTURE(expected.name);
        MockServer server(ten_bytes());
        const Seen seen = co_await ask(server, get(std::string("/fault/") + expected.name + "/17"));
        CHECK(seen.bytes == expected.bytes);
        CHECK(seen.ending == expected.ending);
        const std::string all_counts = co_await stats(server);
        CHECK(has(all_counts, "\"faults\":{\"" + std::string(expected.name) + "\":1}"));
    }
    // The other six have tests of their own.
    CHECK(all.size() + 6 == mock::internal::fault_rows);
}

ASYNC_TEST("garbage is not HTTP, and a status is a complete answer") {
    MockServer server{MockOptions()};
    const Seen garbage = co_await ask(server, get("/fault/garbage"));
    CHECK_FALSE(garbage.bytes.empty());
    CHECK_FALSE(has(garbage.bytes, "HTTP"));
    const Seen status = co_await ask(server, get("/fault/503"));
    CHECK(status_of(status) == 503);
    CHECK(status.ending == "end");
}

ASYNC_TEST("a gzip body is cut or damaged behind a head that fits it, and a loop leads to itself") {
    MockServer server(ten_bytes());
    const std::string whole = coding::encode(coding::Coding::gzip, "xxxxxxxxxx");
    const Seen cut = co_await ask(server, get("/fault/cut-gzip"));
    CHECK(has(cut.bytes, "Content-Encoding: gzip\r\n"));
    CHECK(has(cut.bytes, "Content-Length: " + std::to_string(whole.size() / 2) + "\r\n"));
    CHECK(cut.bytes.ends_with("\r\n\r\n" + whole.substr(0, whole.size() / 2)));
    const Seen bad = co_await ask(server, get("/fault/bad-gzip"));
    CHECK(has(bad.bytes, "Content-Length: " + std::to_string(whole.size()) + "\r\n"));
    CHECK_FALSE(bad.bytes.ends_with(whole));
    const Seen loop = co_await ask(server, get("/fault/redirect-loop"));
    CHECK(status_of(loop) == 302);
    CHECK(has(loop.bytes, "Location: #\r\n"));
}

ASYNC_TEST("redirects can lead to another origin") {
    MockServer server{MockOptions()};
    const auto location_of = [&](std::string path) -> Task<std::string> {
        const Seen seen = co_await ask(server, get(std::move(path)));
        const auto at = seen.bytes.find("Location: ");
        co_return at == std::string::npos ? "" : seen.bytes.substr(at + 10, seen.bytes.find("\r\n", at) - at - 10);
    };
    CHECK(co_await location_of("/redirect/2?to=http://b.example:81/x?id=1&to=2") ==
          "/redirect/1/302?to=http://b.example:81/x?id=1&to=2");
    CHECK(co_await location_of("/redirect/1/302?to=http://b.example:81/x?id=1&to=2") ==
          "http://b.example:81/x?id=1&to=2");
    CHECK(co_await location_of("/redirect/1/302/elsewhere?id=1") == "http://127.0.0.1/redirect/0/302/elsewhere?id=1");
}

ASYNC_TEST("a dripping answer arrives byte by byte") {
    MockServer server(ten_bytes());
    const Seen seen = co_await ask(server, get("/fault/drip"));
    CHECK(seen.took == static_cast<std::int64_t>(seen.bytes.size()) * mock::internal::drip_interval);
}

ASYNC_TEST("an answer without a body is cut in its head") {
    MockServer server{MockOptions()};
    const Seen seen = co_await ask(server, "HEAD /fault/cut-length HTTP/1.1\r\n\r\n");
    CHECK(seen.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(has(seen.bytes, "\r\n\r\n"));
}

ASYNC_TEST("over HTTP/2, the mock closes when the client has, or has had its time") {
    const std::string beginning = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http_2_frame(4, 0, 0, "");
    for (const bool client_closes : {true, false}) {
        MockServer server(ten_bytes());
        auto [client, connection] = memory_streams();
        TaskGroup group;
        group.start(server.serve_connection(std::move(connection)));
        co_await write_text(*client, beginning + http_2_get(1, "/x"));
        co_await testing::others_wait();  // the answer may otherwise come after the end
        co_await write_text(*client, http_2_get(3, "/fault/goaway"));
        Seen seen;
        const TimePoint start = now();
        co_await within(60s, read_all(*client, seen));
        CHECK(seen.ending == "end");
        CHECK(has(seen.bytes, std::string(10, 'x')));
        co_await write_text(*client, http_2_get(5, "/late"));  // it reads on
        if (client_closes) client->close_write();
        co_await group.join();
        CHECK(now() - start == (client_closes ? 0s : 1s));
    }
}

ASYNC_TEST("over HTTP/2, a stream is reset unread to send its client to HTTP/1.1") {
    MockServer server(ten_bytes());
    const std::string beginning = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http_2_frame(4, 0, 0, "");
    const Seen seen = co_await ask(server, beginning + http_2_get(1, "/fault/http-1.1-required") + http_2_get(3, "/x"));
    constexpr char reset = 3;
    CHECK(has(seen.bytes, http_2_frame(reset, 0, 1, big_endian(13, 4))));
    CHECK(has(seen.bytes, std::string(10, 'x')));
    CHECK(server.statistics().requests == 1);
}

ASYNC_TEST("an unknown fault is refused with a list of all faults") {
    MockServer server{MockOptions()};
    const Seen seen = co_await ask(server, get("/fault/fire"));
    CHECK(status_of(seen) == 400);
    CHECK(has(seen.bytes, "reset-after"));
    CHECK(has(seen.bytes, "crash"));
}

ASYNC_TEST("a request is counted once it was read, even if its answer is reset") {
    MockServer server{MockOptions()};
    co_await ask(server, get("/fault/reset-after/17"));
    co_await ask(server, get("/fault/reset-before/18"));
    const std::string read = co_await stats(server, "/stats/ids/17");
    CHECK(read == R"({"id":"17","came":1,"answered":0,"refused":0,"in_flight":0,"most_in_flight":1})");
    const std::string unread = co_await stats(server, "/stats/ids/18");
    CHECK(unread == R"({"id":"18","came":0,"answered":0,"refused":0,"in_flight":0,"most_in_flight":0})");
    CHECK(server.statistics().requests == 1);
}

ASYNC_TEST("a reset before reading does not wait for the body") {
    MockServer server{MockOptions()};
    const Seen seen =
        co_await ask(server, "POST /fault/reset-before HTTP/1.1\r\nContent-Length: 1000\r\n\r\nonly a part");
    CHECK(seen.ending == "reset");
}

ASYNC_TEST("a crash comes after the request was read and counted") {
    int crashes = 0;
    MockOptions options;
    options.crash = [&crashes] { ++crashes; };
    options.crash_every = 3;
    options.latency = Latency{5s, 5s};
    MockServer server(std::move(options));
    const Seen seen = co_await ask(server, get("/fault/crash"));
    CHECK(seen.bytes == "");
    CHECK(crashes == 1);
    for (int i = 2; i <= 6; ++i) co_await ask(server, get("/"));
    CHECK(crashes == 3);
    CHECK(server.statistics().requests == 6);
    CHECK(server.statistics().answered == 3);
}

ASYNC_TEST("faults are as frequent as the mixture says, and depend on seed and id, not on the order") {
    const int count = 2000;
    const auto endings = [](std::uint64_t seed, bool backwards) -> Task<std::map<int, std::string>> {
        MockOptions options;
        options.seed = seed;
        options.faults = Mixture<Fault>("500:10%,reset-after:5%");
        MockServer server(std::move(options));
        std::map<int, std::string> result;
        for (int i = 0; i < count; ++i) {
            const int id = backwards ? count - 1 - i : i;
            const Seen seen = co_await ask(server, get("/x?id=" + std::to_string(id)));
            result[id] = seen.ending + std::to_string(status_of(seen));
        }
        co_return result;
    };
    const auto once = co_await endings(1, false);
    const auto again = co_await endings(1, true);
    const auto other = co_await endings(2, false);
    CHECK(once == again);
    CHECK(once != other);
    const auto times = [&](const char* ending) {
        return std::count_if(once.begin(), once.end(), [&](const auto& entry) { return entry.second == ending; });
    };
    CHECK(times("end500") > 150);
    CHECK(times("end500") < 250);
    CHECK(times("reset0") > 60);
    CHECK(times("reset0") < 140);
    CHECK(times("end500") + times("reset0") + times("end200") == count);
}

ASYNC_TEST("a repeated id gets another fault") {
    MockOptions options;
    options.faults = Mixture<Fault>("500:50%");
    MockServer server(std::move(options));
    std::string fates;
    for (int i = 0; i < 30; ++i) {
        const Seen seen = co_await ask(server, get("/same"));
        fates += status_of(seen) == 500 ? 'x' : '.';
    }
    CHECK(has(fates, "x"));
    CHECK(has(fates, "."));
}

ASYNC_TEST("paths that say what happens get no random fault") {
    MockOptions options;
    options.faults = Mixture<Fault>("500");
    options.allowed = {AllowedRate::parse("1/h")};
    MockServer server(std::move(options));
    for (int i = 0; i < 3; ++i) {
        CHECK(status_of(co_await ask(server, get("/stats"))) == 200);
        CHECK(status_of(co_await ask(server, get("/fault/599"))) == 599);
        CHECK(status_of(co_await ask(server, get("/refuse/1"))) == 429);
    }
    CHECK(status_of(co_await ask(server, get("/"))) == 500);
    CHECK(status_of(co_await ask(server, get("/"))) == 429);
}

ASYNC_TEST("requests over the limit are refused, with the time to come again") {
    MockOptions options;
    options.allowed = {AllowedRate::parse("2/s")};
    options.limit_headers = parse_dialects("retry-after,draft");
    options.latency = Latency{300ms, 300ms};
    MockServer server(std::move(options));
    const Seen first = co_await ask(server, get("/a"));
    CHECK(has(first.bytes, "\r\nRateLimit-Policy: \"1s\";q=2;w=1\r\nRateLimit: \"1s\";r=1;t=1\r\n"));
    CHECK_FALSE(has(first.bytes, "Retry-After"));
    co_await ask(server, get("/b"));
    const Seen refused = co_await ask(server, get("/c"));
    CHECK(status_of(refused) == 429);
    CHECK(refused.took == 0s);
    CHECK(has(refused.bytes, "\r\nRetry-After: 1\r\n"));
    CHECK(has(refused.bytes, "RateLimit: \"1s\";r=0;t=1"));
    co_await sleep_for(400ms);
    CHECK(status_of(co_await ask(server, get("/c"))) == 200);
    const MockStatistics seen = server.statistics();
    CHECK(seen.requests == 4);
    CHECK(seen.answered == 3);
    CHECK(seen.refused == 1);
    CHECK(seen.ids_more_than_once == 0);
}

ASYNC_TEST("a refusal has the status and the body that the options name") {
    const auto refused = [](const char* name) -> Task<std::string> {
        MockOptions options;
        options.allowed = {AllowedRate::parse("fixed:1/5s")};
        options.refusal = *Refusal::named(name);
        MockServer server(std::move(options));
        co_await ask(server, get("/a"));
        co_await sleep_for(2500ms);
        const Seen seen = co_await ask(server, get("/b"));
        CHECK(server.statistics().refused == 1);
        co_return seen.bytes;
    };
    CHECK((co_await refused("503")).starts_with("HTTP/1.1 503 "));
    const std::string aws = co_await refused("aws");
    CHECK(aws.starts_with("HTTP/1.1 400 "));
    CHECK(has(aws, "ThrottlingException"));
    CHECK((co_await refused("aws@429")).starts_with("HTTP/1.1 429 "));
    const std::string s3 = co_await refused("s3");
    CHECK(has(s3, "Content-Type: application/xml\r\n"));
    CHECK(body_of(co_await refused("discord")) ==
          R"({"message":"You are being rate limited.","retry_after":2.5,"global":false})");
    CHECK(has(co_await refused("dropbox"), R"("retry_after":3})"));
    CHECK(has(co_await refused("google-cloud"), R"("retryDelay":"2.5s")"));
    const std::string shopify = co_await refused("shopify");
    CHECK(shopify.starts_with("HTTP/1.1 200 "));
    CHECK(has(shopify, R"("throttleStatus":{"maximumAvailable":1,"currentlyAvailable":0,"restoreRate":0.20})"));
    CHECK(has(co_await refused("should-not-retry"), "\r\nx-should-retry: false\r\n"));
    for (const char* name : {"", "fire", "100", "aws@", "aws@600", "@429"}) {
        CAPTURE(name);
        CHECK_FALSE(Refusal::named(name));
    }
}

ASYNC_TEST("a leaky bucket delays requests") {
    MockOptions options;
    options.allowed = {AllowedRate::parse("leaky:10/s,burst=2")};
    options.latency = Latency{5ms, 5ms};
    MockServer server(std::move(options));
    std::vector<Duration> times;
    TaskGroup group;
    for (int i = 0; i < 4; ++i) {
        group.start(
            [](MockServer& to, std::vector<Duration>& into) -> Task<void> {
                std::string request = get("/");
                const Seen seen = co_await ask(to, std::move(request));
                if (status_of(seen) == 200) into.push_back(seen.took);
            },
            std::ref(server), std::ref(times));
    }
    co_await group.join();
    CHECK(times == std::vector<Duration>{5ms, 105ms, 205ms});
    CHECK(server.statistics().refused == 1);
}

ASYNC_TEST("requests over the limit in flight are refused at once, without a time") {
    MockOptions options;
    options.most_in_flight = 2;
    options.latency = Latency{1s, 1s};
    MockServer server(std::move(options));
    TaskGroup group;
    for (int i = 0; i < 2; ++i) {
        group.start(
            [](MockServer& to) -> Task<void> {
                std::string request = get("/");
                co_await ask(to, std::move(request));
            },
            std::ref(server));
    }
    co_await sleep_for(1ms);
    const Seen refused = co_await ask(server, get("/"));
    CHECK(status_of(refused) == 429);
    CHECK(refused.took == 0s);
    CHECK_FALSE(has(refused.bytes, "Retry-After"));
    co_await group.join();
    CHECK(status_of(co_await ask(server, get("/"))) == 200);
}

ASYNC_TEST("limits can apply per header value or first segment of the path") {
    for (const char* per : {"X-Tenant", "path"}) {
        MockOptions options;
        options.allowed = {AllowedRate::parse("1/m")};
        options.allowed_per = per;
        MockServer server(std::move(options));
        CHECK(status_of(co_await ask(server, get("/a/1", "X-Tenant: one\r\n"))) == 200);
        CHECK(status_of(co_await ask(server, get("/a/2", "X-Tenant: one\r\n"))) == 429);
        CHECK(status_of(co_await ask(server, get("/b/2", "X-Tenant: two\r\n"))) == 200);
        CHECK(status_of(co_await ask(server, get("/b/3", "X-Tenant: two\r\n"))) == 429);
    }
}

ASYNC_TEST("a path can ask for a refusal in each dialect with each lie") {
    MockServer server{MockOptions()};
    const Seen plain = co_await ask(server, get("/refuse/30"));
    CHECK(status_of(plain) == 429);
    CHECK(has(plain.bytes, "\r\nRetry-After: 30\r\n"));
    const Seen other = co_await ask(server, get("/refuse/30/x-ratelimit:duration/17"));
    CHECK(status_of(other) == 400);
    const Seen lie = co_await ask(server, get("/refuse/30/x-ratelimit:duration/negative"));
    CHECK(has(lie.bytes, "\r\nX-RateLimit-Reset: -17\r\n"));
    for (const char* path : {"/refuse/", "/refuse/soon", "/refuse/1/smoke", "/refuse/-1"}) {
        CHECK(status_of(co_await ask(server, get(path))) == 400);
    }
    CHECK(server.statistics().refused == 2);
}

ASYNC_TEST("lies are random and do not change the limit") {
    MockOptions options;
    options.allowed = {AllowedRate::parse("1/m")};
    options.lies = Mixture<Lie>("garbage:50%");
    MockServer server(std::move(options));
    co_await ask(server, get("/first"));
    int lies = 0;
    for (int i = 0; i < 40; ++i) {
        const Seen seen = co_await ask(server, get("/x" + std::to_string(i)));
        CHECK(status_of(seen) == 429);
        if (has(seen.bytes, "Retry-After: soon; maybe\r\n")) ++lies;
    }
    CHECK(lies > 8);
    CHECK(lies < 32);
}

ASYNC_TEST("an id comes from the query, a header or the end of the path") {
    MockServer server{MockOptions()};
    co_await ask(server, get("/a/b?x=1&id=query", "X-Request-Id: request\r\nIdempotency-Key: key\r\n"));
    co_await ask(server, get("/a/b?id=&x", "Idempotency-Key: key\r\nX-Request-Id: request\r\n"));
    co_await ask(server, get("/a/b", "Idempotency-Key: key\r\n"));
    co_await ask(server, get("/a/path"));
    co_await ask(server, get("/a/path/"));
    std::string ids = co_await stats(server, "/stats/ids");
    for (const char* id : {"query", "request", "key", "path", ""}) {
        CAPTURE(id);
        const std::string line = "{\"id\":\"" + std::string(id) + "\",\"came\":1,\"answered\":1,";
        CHECK(ids.find(line) != std::string::npos);
    }
    CHECK(std::count(ids.begin(), ids.end(), '\n') == 5);
    co_await ask(server, get("/a/path"));
    ids = co_await stats(server, "/stats/ids?came_at_least=2");
    CHECK(ids == "{\"id\":\"path\",\"came\":2,\"answered\":2,\"refused\":0,\"in_flight\":0,\"most_in_flight\":1}\n");
    CHECK(status_of(co_await ask(server, get("/stats/ids?came_at_least=x"))) == 400);
    CHECK(status_of(co_await ask(server, get("/stats/other"))) == 400);
}

ASYNC_TEST("a stalled request is in flight until its client disconnects") {
    MockServer server{MockOptions()};
    auto [client, connection] = memory_streams();
    TaskGroup group;
    group.start(server.serve_connection(std::move(connection)));
    co_await write_text(*client, get("/fault/stall"));
    co_await sleep_for(1h);
    CHECK(server.statistics().in_flight == 1);
    client.reset();
    co_await group.join();
    CHECK(server.statistics().in_flight == 0);
    CHECK(server.statistics().answered == 0);
}
