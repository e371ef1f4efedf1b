// A small call on a kept connection, 64 of them in flight: `Session::send` beside a raw epoll loop that parses nothing.

#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/session.hpp"

#include <benchmark/benchmark.h>

#include "loopback_server.hpp"
#include <string>

using namespace plait;

namespace {

constexpr int connections = 64;

std::string small_answer() {
    const std::string body = R"({"id":1,"name":"plait","value":42,"tags":["a","b"]})";
    return "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Type: "
           "application/json\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + body;
}

void floor_raw_epoll(benchmark::State& state) {
    bench::LoopbackServer server(small_answer());
    bench::RawEpollClient client(server, connections, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    for (auto _ : state) client.step();
}
BENCHMARK(floor_raw_epoll)->MinTime(2);

Task<void> call_again(benchmark::State& state, bool& stopped, http::Session& session, http::Request request) {
    while (!stopped) {
        const auto response = co_await session.send(request);
        if (response.status != 200) std::abort();
        if (!stopped && !state.KeepRunning()) stopped = true;
    }
}

Task<void> call_on_all(benchmark::State& state, http::Request request) {
    http::Session session;
    bool stopped = false;
    TaskGroup group;
    for (int i = 0; i < connections; ++i) group.start(call_again(state, stopped, session, request));
    co_await group.join();
}

void session_send(benchmark::State& state) {
    bench::LoopbackServer server(small_answer());
    run(call_on_all(state, http::Request("GET", "http://127.0.0.1:" + std::to_string(server.port()) + "/")));
}
BENCHMARK(session_send)->MinTime(2);

}  // namespace
