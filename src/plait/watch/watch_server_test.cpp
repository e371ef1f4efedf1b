#include "plait/watch/watch_server.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/net/address.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::watch;
using namespace std::chrono_literals;
using testing::memory_streams;
using testing::MemoryStream;
using testing::MemoryStreamOptions;
using testing::read_until;
using testing::write_text;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// A server that shows a run, and browsers in memory.
class Bench {
  public:
    Bench() {
        WatchedRun run;
        run.name = "results.jsonl";
        run.report = [this] {
            ++reports;
            report.last_heard = report.began + (now() - start_);
            return report;
        };
        run.pause = [this] { asked += "pause "; };
        run.resume = [this] { asked += "resume "; };
        run.stop = [this] { asked += "stop "; };
        tasks_.start(server.follow(std::move(run)));
    }

    Task<void> end() {
        tasks_.cancel();
        co_await tasks_.join();
    }

    /// The path of the page, with its token.
    std::string path() const {
        const std::string url = server.url();
        return url.substr(url.find('/', std::string_view("http://").size()));
    }

    /// Returns the browser's end of a new connection.
    std::unique_ptr<MemoryStream> connect(std::size_t capacity = MemoryStreamOptions().capacity) {
        MemoryStreamOptions options;
        options.capacity = capacity;
        auto [browser, accepted] = memory_streams(options);
        tasks_.start(server.serve_connection(std::move(accepted)));
        return std::move(browser);
    }

    /// Returns the answer to a request, up to the end of the connection.
    Task<std::string> answer(std::string method, std::string path, std::string host = "127.0.0.1") {
        auto browser = connect();
        co_await write_text(*browser,
                            fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", method, path, host));
        co_return co_await read_until(*browser, "no such text");
    }

    /// Returns a page's connection, which waits for events; `capacity`: of the stream.
    Task<std::unique_ptr<MemoryStream>> page(std::size_t capacity = MemoryStreamOptions().capacity) {
        auto browser = connect(capacity);
        co_await write_text(*browser, fmt::format("GET {}events HTTP/1.1\r\nHost: localhost:1\r\n\r\n", path()));
        co_return std::move(browser);
    }

    batch::RunReport report;
    std::string asked;
    int reports = 0;
    WatchServer server;

  private:
    TimePoint start_ = now();
    TaskGroup tasks_;
};

}  // namespace

ASYNC_TEST("the page is for whoever has the token, in a strict policy") {
    Bench bench;
    const std::string page = co_await bench.answer("GET", bench.path());
    CHECK(page.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(has(page, "Content-Type: text/html"));
    CHECK(has(page, "default-src 'none'; script-src 'nonce-"));
    CHECK(has(page, "frame-ancestors 'none'"));
    CHECK_FALSE(has(page, "unsafe-inline"));
    CHECK_FALSE(has(page, "Access-Control"));
    CHECK_FALSE(has(page, "{{"));
    const std::string nothing = co_await bench.answer("GET", "/");
    CHECK(nothing.starts_with("HTTP/1.1 404 "));
    const std::string foreign = co_await bench.answer("GET", bench.path(), "attacker.example");
    CHECK(foreign.starts_with("HTTP/1.1 403 "));
    const std::string rubbish = co_await bench.answer("rubbish \x01", bench.path());
    CHECK(rubbish.starts_with("HTTP/1.1 400 "));
    co_await bench.end();
}

ASYNC_TEST("each server has a token of its own") {
    const WatchServer first;
    const WatchServer second;
    CHECK(first.url().size() > 50);
    CHECK(first.url().substr(first.url().rfind('/', first.url().size() - 2)) !=
          second.url().substr(second.url().rfind('/', second.url().size() - 2)));
    co_return;
}

ASYNC_TEST("a POST pauses, resumes and stops the run, over one connection") {
    Bench bench;
    auto browser = bench.connect();
    for (const std::string what : {"pause", "resume", "stop"}) {
        co_await write_text(*browser, fmt::format("POST {}{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
                                                  bench.path(), what));
        const std::string head = co_await read_until(*browser, "\r\n\r\n");
        CHECK(head.starts_with("HTTP/1.1 204 "));
    }
    CHECK(bench.asked == "pause resume stop ");
    const std::string by_get = co_await bench.answer("GET", bench.path() + "stop");
    CHECK(by_get.starts_with("HTTP/1.1 405 "));
    CHECK(bench.asked == "pause resume stop ");
    co_await bench.end();
}

ASYNC_TEST("a run that is stopping is neither paused nor resumed") {
    Bench bench;
    bench.report.is_stopping = true;
    for (const std::string what : {"pause", "resume"}) {
        const std::string answer = co_await bench.answer("POST", bench.path() + what);
        CHECK(answer.starts_with("HTTP/1.1 409 Conflict\r\n"));
    }
    CHECK(bench.asked.empty());
    co_await bench.answer("POST", bench.path() + "stop");
    CHECK(bench.asked == "stop ");
    co_await bench.end();
}

ASYNC_TEST("HEAD has the head of GET and no body, so that the next answer is read rightly") {
    Bench bench;
    auto browser = bench.connect();
    for (const std::string what : {"", "stop", "other"}) {
        co_await write_text(*browser, fmt::format("HEAD {}{} HTTP/1.1\r\nHost: localhost\r\n\r\n", bench.path(), what));
        const std::string head = co_await read_until(*browser, "\r\n\r\n");
        CHECK(head.starts_with("HTTP/1.1 "));
        CHECK(has(head, "Content-Length: "));
        CHECK(has(head, "Allow: POST\r\n") == (what == "stop"));
    }
    co_await write_text(*browser, fmt::format("HEAD {}events HTTP/1.1\r\nHost: localhost\r\n\r\n", bench.path()));
    const std::string events = co_await read_until(*browser, "no such text");
    CHECK(has(events, "Content-Type: text/event-stream\r\n"));
    CHECK(events.ends_with("\r\n\r\n"));
    CHECK(bench.asked.empty());
    co_await bench.end();
}

ASYNC_TEST("the URL without its last slash leads to the page") {
    Bench bench;
    const std::string path = bench.path();
    const std::string answer = co_await bench.answer("GET", path.substr(0, path.size() - 1));
    CHECK(answer.starts_with("HTTP/1.1 308 Permanent Redirect\r\n"));
    CHECK(has(answer, fmt::format("Location: {}\r\n", path)));
    co_await bench.end();
}

ASYNC_TEST("strangers can't keep out who has the token") {
    Bench bench;
    auto page = co_await bench.page();
    co_await read_until(*page, "event: state");
    std::vector<std::unique_ptr<MemoryStream>> strangers;
    for (std::size_t n = 0; n < 200; ++n) strangers.push_back(bench.connect());
    const std::string seen = co_await bench.answer("GET", bench.path());
    CHECK(seen.starts_with("HTTP/1.1 200 OK\r\n"));
    const TimePoint before = now();
    CHECK(co_await read_until(*strangers.front(), "x") == "");
    CHECK(now() == before);
    // Those that are left have 5 s, and one request.
    CHECK(co_await read_until(*strangers.back(), "x") == "");
    CHECK(now() == before + WatchServer::patience_with_strangers);
    const std::string still = co_await read_until(*page, "event: state");
    CHECK(has(still, "event: state"));
    auto guessing = bench.connect();
    co_await write_text(*guessing,
                        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string refused = co_await read_until(*guessing, "no such text");
    CHECK(has(refused, "Connection: close\r\n"));
    CHECK(refused.find("HTTP/1.1 404 ") == refused.rfind("HTTP/1.1 404 "));
    co_await bench.end();
}

ASYNC_TEST("connections are bounded, also those with the token") {
    Bench bench;
    std::vector<std::unique_ptr<MemoryStream>> pages;
    for (std::size_t n = 0; n < WatchServer::most_connections; ++n) {
        pages.push_back(co_await bench.page());
        co_await read_until(*pages.back(), "event: state");
    }
    CHECK(co_await bench.answer("GET", bench.path()) == "");
    pages.pop_back();
    co_await sleep_for(2 * WatchServer::interval);
    const std::string seen = co_await bench.answer("GET", bench.path());
    CHECK(seen.starts_with("HTTP/1.1 200 OK\r\n"));
    co_await bench.end();
}

ASYNC_TEST("a page hears the course so far, and then a state twice a second") {
    Bench bench;
    co_await sleep_for(10s);
    bench.report.done = 7;
    auto page = co_await bench.page();
    const std::string head = co_await read_until(*page, "\r\n\r\n");
    CHECK(has(head, "Content-Type: text/event-stream\r\n"));
    co_await read_until(*page, "retry: 1000\n\n");
    const std::string history = co_await read_until(*page, "\n\n");
    CHECK(history.starts_with("event: history\ndata: {\"name\":\"results.jsonl\",\"samples\":[[0.000,0,0,0,null],"));
    std::string state = co_await read_until(*page, "\n\n");
    CHECK(state.starts_with("event: state\ndata: {\"status\":{\"is_running\":true,"));
    const TimePoint before = now();
    for (int n = 0; n < 4; ++n) state = co_await read_until(*page, "\n\n");
    CHECK(now() - before == 4 * WatchServer::interval);
    CHECK(has(state, "\"done\":7,"));
    co_await bench.end();
}

ASYNC_TEST("a change that a page asks for is shown at once") {
    Bench bench;
    auto page = co_await bench.page();
    co_await sleep_for(700ms);
    co_await read_until(*page, "event: state");
    const TimePoint before = now();
    bench.report.is_paused = true;
    co_await bench.answer("POST", bench.path() + "pause");
    const std::string state = co_await read_until(*page, "\"is_paused\":true");
    CHECK(has(state, "\"is_paused\":true"));
    CHECK(now() == before);
    co_await bench.end();
}

ASYNC_TEST("a page that does not read holds up nothing, and gets all samples later") {
    Bench bench;
    auto stuck = co_await bench.page(2000);
    auto page = co_await bench.page();
    co_await sleep_for(20s);
    CHECK(bench.reports >= 40);
    const std::string seen = co_await read_until(*page, "[19.500,");
    CHECK(has(seen, "[19.500,"));
    const std::string late = co_await read_until(*stuck, "[19.500,");
    CHECK(has(late, "event: history"));
    co_await bench.end();
}

ASYNC_TEST("a page that does not read for a minute, and a connection without a request, are closed") {
    Bench bench;
    auto stuck = co_await bench.page(100);
    auto silent = bench.connect();
    co_await sleep_for(2 * WatchServer::patience);
    CHECK(co_await read_until(*silent, "x") == "");
    const std::string rest = co_await read_until(*stuck, "no such text");
    CHECK(rest.size() <= 300);
    co_await bench.end();
}

ASYNC_TEST("the end is sent at once, without waiting for pages") {
    Bench bench;
    auto page = co_await bench.page();
    auto stuck = co_await bench.page(100);
    auto gone = co_await bench.page();
    co_await sleep_for(700ms);
    gone.reset();
    const TimePoint before = now();
    bench.report.has_ended = true;
    bench.report.done = 99;
    bench.server.finish(bench.report);
    CHECK(now() == before);
    const std::string seen = co_await read_until(*page, "no such text");  // up to the end of the connection
    CHECK(has(seen, "event: end\ndata: {\"status\":{\"is_running\":false,"));
    CHECK(has(seen, "\"done\":99,"));
    CHECK(seen.ends_with("\n\n"));
    const std::string asked_late = co_await bench.answer("POST", bench.path() + "stop");
    CHECK(asked_late.starts_with("HTTP/1.1 204 "));
    CHECK(bench.asked.empty());
    co_await bench.end();
}

ASYNC_TEST("a port in use is an error that names it") {
    const net::TcpListener other(*net::Address::parse("127.0.0.1", 0));
    try {
        const WatchServer server(other.address().port());
        FAIL("it is in use");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        CHECK(has(error.what(), "the port is in use by another program"));
    }
    co_return;
}
