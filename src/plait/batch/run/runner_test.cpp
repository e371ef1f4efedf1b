#include "plait/batch/run/runner.hpp"

#include "plait/async/dump.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/batch/testing/test_lines.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::FakeMethod;
using plait::batch::internal::lines;
using plait::batch::internal::lines_from;
using plait::batch::internal::memory_file;
using plait::batch::internal::MemorySink;
using plait::batch::internal::Pipe;

namespace {

std::string urls(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += fmt::format("http://a.b/{}\n", i);
    return text;
}

/// The number at the end of a request's path.
int number_in(const http::Request& request) { return std::stoi(std::string(request.url.target().substr(1))); }

std::string text_of(simdjson::dom::element value) { return std::string(value.get_string().value()); }

/// Each result as `id outcome`, with the code of its error.
std::vector<std::string> results_in(const std::string& text) {
    std::vector<std::string> results;
    simdjson::dom::parser parser;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = text.find('\n', start);
        const simdjson::dom::element line = parser.parse(text.substr(start, end - start));
        std::string result = text_of(line["custom_id"]) + " " + text_of(line["outcome"]);
        if (!line["error"].is_null()) result += " " + text_of(line["error"]["code"]);
        results.push_back(std::move(result));
        start = end + 1;
    }
    return results;
}

using Results = std::vector<std::string>;

/// Whether there are `count` results of these, no two alike. Which calls are in flight when the run is interrupted
/// depends on the order in which tasks run (PLAIT_TEST_SEED).
bool are_some_of(const Results& results, std::size_t count, const Results& possible) {
    const std::set<std::string> different(results.begin(), results.end());
    return results.size() == count && different.size() == count &&
           std::all_of(results.begin(), results.end(), [&possible](const std::string& result) {
               return std::find(possible.begin(), possible.end(), result) != possible.end();
           });
}

/// The results of calls 1 to `count` that all end like this.
Results all_end(int count, std::string_view end) {
    Results results;
    for (int i = 1; i <= count; ++i) results.push_back(fmt::format("line-{} {}", i, end));
    return results;
}

RunnerOptions with_concurrency(std::size_t concurrency) {
    RunnerOptions options;
    options.calls.concurrency = concurrency;
    return options;
}

/// Answers after a time that the request's number decides.
class SlowAnswers {
  public:
    explicit SlowAnswers(Duration (*time)(int number)) : time_(time) {}

    FakeMethod::Answer answer() {
        return [this](http::Request request) { return after_a_while(this, std::move(request)); };
    }

    int in_flight = 0;
    int most = 0;

  private:
    static Task<Attempt> after_a_while(SlowAnswers* self, http::Request request) {
        self->most = std::max(self->most, ++self->in_flight);
        co_await sleep_for(self->time_(number_in(request)));
        --self->in_flight;
        co_return co_await FakeMethod::ok();
    }

    Duration (*time_)(int number);
};

/// A run whose calls are answered after a time that their number decides, and what it wrote.
class TestRun {
  public:
    TestRun(LineSource lines_, const RunnerOptions& options, Duration (*time)(int number),
            std::size_t most_in_flight = 1000)
        : source(std::move(lines_)),
          answers(time),
          method(answers.answer(), most_in_flight),
          runner(source, method, options, parts(sink)) {}

    Task<void> to_end() { end = co_await runner.run(); }

    // The same beside the test: begun, and waited for.
    void start() { beside_.start(to_end()); }
    Task<void> join() { co_await beside_.join(); }

    Results results() const { return results_in(sink.text); }

    LineSource source;
    SlowAnswers answers;
    FakeMethod method;
    MemorySink sink;
    Runner runner;
    std::optional<RunEnd> end;

    static RunnerParts parts(Sink& sink) {
        RunnerParts parts;
        parts.sink = &sink;
        return parts;
    }

  private:
    TaskGroup beside_;
};

}  // namespace

ASYNC_TEST("every request has a result, and bad lines are no exception") {
    LineSource source = lines(
        "{\"custom_id\":\"a\",\"url\":\"http://a.b/1\"}\nnot json\n\n{\"url\":\"http://a.b/2\"}\n"
        "{\"custom_id\":\"a\",\"url\":\"http://a.b/3\"}\n");
    FakeMethod method;
    MemorySink sink;
    RunnerOptions options;
    options.ordered = true;
    Runner runner(source, method, options, TestRun::parts(sink));
    const RunEnd end = co_await runner.run();
    CHECK(end == RunEnd::finished);
    CHECK(results_in(sink.text) == Results{"a ok", "line-2 failed bad_input", "line-4 ok", "a failed bad_input"});
    CHECK(sink.text.find("line 5: custom_id \\\"a\\\" is already used by line 1") != std::string::npos);
    CHECK(method.requests.size() == 2);
    CHECK(runner.tally().done() == 4);
    CHECK(runner.tally().not_ok() == 2);
}

ASYNC_TEST("the concurrency bounds the calls in flight, and is reached") {
    TestRun run(lines(urls(10)), with_concurrency(4), [](int) -> Duration { return 1s; });
    const TimePoint start = now();
    co_await run.to_end();
    CHECK(run.answers.most == 4);
    CHECK(now() - start < 3100ms);
    CHECK(run.results().size() == 10);
}

ASYNC_TEST("a method that makes one call at a time has one in flight, whatever the concurrency") {
    TestRun run(
        lines(urls(3)), with_concurrency(100), [](int) -> Duration { return 1s; }, 1);
    co_await run.to_end();
    CHECK(run.answers.most == 1);
}

ASYNC_TEST("the waiting call with the highest priority is sent first, however fast the answers are") {
    std::string text;
    for (int i = 1; i <= 100; ++i) text += fmt::format("{{\"url\":\"http://a.b/{}\",\"priority\":{}}}\n", i, i % 10);
    TestRun run(lines(text), with_concurrency(1), [](int) -> Duration { return 1ms; });
    co_await run.to_end();
    REQUIRE(run.method.requests.size() == 100);
    for (int i = 1; i <= 5; ++i) CHECK(number_in(run.method.requests[static_cast<std::size_t>(i)]) % 10 >= 8);
}

ASYNC_TEST("results leave in the order of completion, or of the input if `ordered`") {
    for (const bool ordered : {false, true}) {
        RunnerOptions options;
        options.ordered = ordered;
        TestRun run(lines(urls(3)), options, [](int number) -> Duration { return (4 - number) * 1s; });
        co_await run.to_end();
        const Results completion{"line-3 ok", "line-2 ok", "line-1 ok"};
        const Results input{"line-1 ok", "line-2 ok", "line-3 ok"};
        CHECK(run.results() == (ordered ? input : completion));
    }
}

ASYNC_TEST("in the order of the input, one slow call bounds how many go ahead of it") {
    RunnerOptions options = with_concurrency(2);
    options.ordered = true;
    options.calls.deadline = 2h;
    TestRun run(lines(urls(100)), options, [](int number) -> Duration { return number == 1 ? 1h : 1ms; });
    run.start();
    co_await sleep_for(30min);
    CHECK(run.method.requests.size() == 2 * Runner::ordered_window);
    CHECK(run.sink.text.empty());
    co_await run.join();
    CHECK(run.results().size() == 100);
}

ASYNC_TEST("a paused run sends nothing more, and goes on where it was") {
    TestRun run(lines(urls(10)), with_concurrency(3), [](int) -> Duration { return 2s; });
    run.start();
    co_await sleep_for(1s);
    run.runner.pause();
    run.runner.pause();
    CHECK(run.runner.is_paused());
    co_await sleep_for(1h);
    CHECK(run.method.requests.size() == 3);
    CHECK(run.results().size() == 3);
    run.runner.resume();
    co_await run.join();
    CHECK(run.end == RunEnd::finished);
    CHECK(run.results().size() == 10);
    CHECK(run.answers.most == 3);
}

ASYNC_TEST("a pause uses up no rate limit, and no burst follows it") {
    RunnerOptions options;
    options.calls.limits = {policy::RateLimit("requests", 60, 1min)};
    TestRun run(lines(urls(300)), options, [](int) -> Duration { return 1ms; });
    run.start();
    co_await sleep_for(10s);
    const std::size_t before = run.method.requests.size();
    run.runner.pause();
    co_await sleep_for(1h);
    CHECK(run.method.requests.size() == before);
    run.runner.resume();
    co_await sleep_for(10s);
    const std::size_t after = run.method.requests.size() - before;
    CHECK(after >= 10);
    CHECK(after <= 12);
    run.runner.interrupt();
    co_await run.join();
}

ASYNC_TEST("retries wait for the end of a pause, too") {
    int attempts = 0;
    FakeMethod method([&attempts](http::Request) -> Task<Attempt> {
        http::Response response;
        response.status = ++attempts == 1 ? 500 : 200;
        co_return response;
    });
    LineSource source = lines(urls(1));
    MemorySink sink;
    Runner runner(source, method, RunnerOptions(), TestRun::parts(sink));
    TaskGroup beside;
    beside.start([](Runner& one) -> Task<void> { co_await one.run(); }, std::ref(runner));
    co_await yield();
    while (attempts == 0) co_await sleep_for(1ms);
    runner.pause();
    co_await sleep_for(5min);
    CHECK(attempts == 1);
    runner.resume();
    co_await beside.join();
    CHECK(attempts == 2);
    CHECK(results_in(sink.text) == Results{"line-1 ok"});
}

ASYNC_TEST("a run can be paused before it begins, and stopped while it is paused") {
    TestRun run(lines(urls(10)), with_concurrency(3), [](int) -> Duration { return 2s; });
    run.runner.pause();
    run.start();
    co_await sleep_for(1h);
    CHECK(run.method.requests.empty());
    run.runner.interrupt();
    co_await run.join();
    CHECK(run.end == RunEnd::interrupted);
}

ASYNC_TEST("an interruption starts no more calls and waits for those in flight") {
    TestRun run(lines(urls(10)), with_concurrency(3), [](int) -> Duration { return 2s; });
    run.start();
    co_await sleep_for(1s);
    run.runner.interrupt();
    co_await run.join();
    CHECK(run.end == RunEnd::interrupted);
    CHECK(are_some_of(run.results(), 3, all_end(10, "ok")));
}

ASYNC_TEST("when the grace is over, calls in flight are given up, and their results say so") {
    TestRun run(
        lines(
            "{\"url\":\"http://a.b/1\"}\n{\"url\":\"http://a.b/2\",\"method\":\"POST\"}\n{\"url\":\"http://a.b/3\"}\n"),
        with_concurrency(2), [](int) -> Duration { return 1h; });
    run.start();
    co_await sleep_for(1s);
    run.runner.interrupt();
    co_await sleep_for(9s);
    CHECK_FALSE(run.end);
    co_await sleep_for(2s);
    CHECK(run.end == RunEnd::interrupted);
    const Results possible{"line-1 failed cancelled", "line-2 unknown cancelled", "line-3 failed cancelled"};
    CHECK(are_some_of(run.results(), 2, possible));
    co_await run.join();
}

ASYNC_TEST("the second interruption gives up at once") {
    TestRun run(lines(urls(10)), with_concurrency(2), [](int) -> Duration { return 1h; });
    run.start();
    co_await sleep_for(1s);
    const TimePoint interrupted = now();
    run.runner.interrupt();
    run.runner.interrupt();
    co_await run.join();
    CHECK(now() - interrupted < 100ms);
    CHECK(are_some_of(run.results(), 2, all_end(10, "failed cancelled")));
}

ASYNC_TEST("a call that was started but has not run is given up like any other") {
    Pipe pipe;
    TestRun run(lines_from(std::move(pipe.read_end)), RunnerOptions(), [](int) -> Duration { return 1h; });
    run.start();
    pipe.write("http://a.b/1\n");
    while (run.runner.in_flight() == 0) co_await yield();
    run.runner.interrupt();
    run.runner.interrupt();
    const TimePoint interrupted = now();
    co_await run.join();
    CHECK(now() - interrupted < 100ms);
    CHECK(run.results() == Results{"line-1 failed cancelled"});
}

ASYNC_TEST("an interruption ends the wait for a source that has nothing to say") {
    Pipe pipe;
    TestRun run(lines_from(std::move(pipe.read_end)), RunnerOptions(), [](int) -> Duration { return 1ms; });
    run.start();
    co_await yield();
    run.runner.interrupt();
    co_await run.join();
    CHECK(run.end == RunEnd::interrupted);
}

ASYNC_TEST("when nobody reads the results any more, the run ends") {
    TestRun run(lines(urls(100)), with_concurrency(2), [](int number) -> Duration { return number == 1 ? 1s : 1h; });
    run.sink.is_closed = true;
    co_await run.to_end();
    CHECK(run.end == RunEnd::unread);
    CHECK(run.method.requests.size() <= 3);
}

ASYNC_TEST("when the results can't be written, the run ends with that error") {
    TestRun run(lines(urls(100)), with_concurrency(2), [](int number) -> Duration { return number == 1 ? 1s : 1h; });
    run.sink.is_full = true;
    try {
        co_await run.to_end();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
    }
}

ASYNC_TEST("when the source can't be read, the calls that were started have their results") {
    Pipe pipe;
    TestRun run(lines_from(std::move(pipe.write_end)), RunnerOptions(), [](int) -> Duration { return 1ms; });
    try {
        co_await run.to_end();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
    }
}

ASYNC_TEST("the calls in flight are known by their ids, the oldest first, and name their tasks") {
    Pipe pipe;
    TestRun run(lines_from(std::move(pipe.read_end)), with_concurrency(3),
                [](int number) -> Duration { return number == 1 ? 1s : 1h; });
    run.start();
    for (std::size_t number = 1; number <= 4; ++number) {  // one by one, so that they are sent in this order
        pipe.write(fmt::format("http://a.b/{}\n", number));
        while (run.runner.in_flight() < std::min<std::size_t>(number, 3)) co_await yield();
    }
    pipe.write_end.reset();
    co_await sleep_for(61s);
    const auto oldest = run.runner.oldest_in_flight(2);
    REQUIRE(oldest.size() == 2);
    CHECK(oldest[0].custom_id == "line-2");
    CHECK(oldest[0].age == 61s);
    CHECK(run.runner.oldest_in_flight(9).back().custom_id == "line-4");
    CHECK(run.runner.oldest_in_flight(9).back().age == 60s);
    CHECK(dump().find("\"line-4\": waiting for time, 59 min left") != std::string::npos);
    co_await run.join();
    CHECK(run.runner.oldest_in_flight(9).empty());
}

ASYNC_TEST("the times of a result are those of its attempt") {
    Pipe pipe;
    TestRun run(lines_from(std::move(pipe.read_end)), with_concurrency(1),
                [](int number) -> Duration { return number * 100ms; });
    run.start();
    pipe.write("http://a.b/1\n");
    while (run.runner.in_flight() == 0) co_await yield();
    pipe.write("http://a.b/2\n");
    pipe.write_end.reset();
    co_await run.join();
    CHECK(run.sink.text.find("\"start_ms\":0.000,\"total_ms\":100.000,") != std::string::npos);
    CHECK(run.sink.text.find("\"start_ms\":100.000,\"total_ms\":200.000,") != std::string::npos);
}
