#include "plait/batch/runner.hpp"

#include "plait/async/dump.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/internal/fakes.hpp"
#include "plait/batch/internal/test_files.hpp"
#include "plait/batch/line_source.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::FakeMethod;
using plait::batch::internal::memory_file;
using plait::batch::internal::MemorySink;
using plait::batch::internal::Pipe;

namespace {

LineSource lines(std::string_view text) {
    return LineSource(LineReader(memory_file(text), "test"), RequestReader(RequestDefaults()));
}

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

Task<void> run_into(Runner& runner, std::optional<RunEnd>& end) { end = co_await runner.run(); }

}  // namespace

ASYNC_TEST("every request has a result, and bad lines are no exception") {
    LineSource source = lines(
        "{\"custom_id\":\"a\",\"url\":\"http://a.b/1\"}\nnot json\n\n{\"url\":\"http://a.b/2\"}\n"
        "{\"custom_id\":\"a\",\"url\":\"http://a.b/3\"}\n");
    FakeMethod method;
    MemorySink sink;
    RunnerOptions options;
    options.ordered = true;
    Runner runner(source, method, sink, options);
    const RunEnd end = co_await runner.run();
    CHECK(end == RunEnd::finished);
    CHECK(results_in(sink.text) == Results{"a ok", "line-2 failed bad_input", "line-4 ok", "a failed bad_input"});
    CHECK(sink.text.find("line 5: custom_id \\\"a\\\" is that of line 1 already") != std::string::npos);
    CHECK(method.requests.size() == 2);
    CHECK(runner.tally().done() == 4);
    CHECK(runner.tally().not_ok() == 2);
}

ASYNC_TEST("the concurrency bounds the calls in flight, and is used up") {
    LineSource source = lines(urls(10));
    SlowAnswers answers([](int) -> Duration { return 1s; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(4));
    const TimePoint start = now();
    co_await runner.run();
    CHECK(answers.most == 4);
    CHECK(now() - start < 3100ms);
    CHECK(results_in(sink.text).size() == 10);
}

ASYNC_TEST("a method that makes one call at a time has one in flight, whatever the concurrency") {
    LineSource source = lines(urls(3));
    SlowAnswers answers([](int) -> Duration { return 1s; });
    FakeMethod method(answers.answer(), 1);
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(100));
    co_await runner.run();
    CHECK(answers.most == 1);
}

ASYNC_TEST("the most urgent of those that wait leaves first, however fast the answers are") {
    std::string text;
    for (int i = 1; i <= 100; ++i) text += fmt::format("{{\"url\":\"http://a.b/{}\",\"priority\":{}}}\n", i, i % 10);
    LineSource source = lines(text);
    SlowAnswers answers([](int) -> Duration { return 1ms; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(1));
    co_await runner.run();
    REQUIRE(method.requests.size() == 100);
    for (int i = 1; i <= 5; ++i) CHECK(number_in(method.requests[static_cast<std::size_t>(i)]) % 10 >= 8);
}

ASYNC_TEST("results leave in the order of completion, or of the input when that is asked for") {
    for (const bool ordered : {false, true}) {
        LineSource source = lines(urls(3));
        SlowAnswers answers([](int number) -> Duration { return (4 - number) * 1s; });
        FakeMethod method(answers.answer());
        MemorySink sink;
        RunnerOptions options;
        options.ordered = ordered;
        Runner runner(source, method, sink, options);
        co_await runner.run();
        const Results completion{"line-3 ok", "line-2 ok", "line-1 ok"};
        const Results input{"line-1 ok", "line-2 ok", "line-3 ok"};
        CHECK(results_in(sink.text) == (ordered ? input : completion));
    }
}

ASYNC_TEST("in the order of the input, one slow call lets only so many others go ahead") {
    LineSource source = lines(urls(100));
    SlowAnswers answers([](int number) -> Duration { return number == 1 ? 1h : 1ms; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    RunnerOptions options = with_concurrency(2);
    options.ordered = true;
    options.calls.deadline = 2h;
    Runner runner(source, method, sink, options);
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await sleep_for(30min);
    CHECK(method.requests.size() == 2 * Runner::ordered_window);
    CHECK(sink.text.empty());
    co_await group.join();
    CHECK(results_in(sink.text).size() == 100);
}

ASYNC_TEST("an interruption starts nothing more and waits for what is in flight") {
    LineSource source = lines(urls(10));
    SlowAnswers answers([](int) -> Duration { return 2s; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(3));
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await sleep_for(1s);
    runner.interrupt();
    co_await group.join();
    CHECK(end == RunEnd::interrupted);
    CHECK(results_in(sink.text) == Results{"line-1 ok", "line-2 ok", "line-3 ok"});
}

ASYNC_TEST("when the grace is over, calls in flight are given up, and their results say so") {
    LineSource source = lines(
        "{\"url\":\"http://a.b/1\"}\n{\"url\":\"http://a.b/2\",\"method\":\"POST\"}\n{\"url\":\"http://a.b/3\"}\n");
    SlowAnswers answers([](int) -> Duration { return 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(2));
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await sleep_for(1s);
    runner.interrupt();
    co_await sleep_for(9s);
    CHECK_FALSE(end);
    co_await sleep_for(2s);
    CHECK(end == RunEnd::interrupted);
    CHECK(results_in(sink.text) == Results{"line-1 failed cancelled", "line-2 unknown cancelled"});
    co_await group.join();
}

ASYNC_TEST("the second interruption gives up at once") {
    LineSource source = lines(urls(10));
    SlowAnswers answers([](int) -> Duration { return 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(2));
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await sleep_for(1s);
    const TimePoint interrupted = now();
    runner.interrupt();
    runner.interrupt();
    co_await group.join();
    CHECK(now() - interrupted < 100ms);
    CHECK(results_in(sink.text) == Results{"line-1 failed cancelled", "line-2 failed cancelled"});
}

ASYNC_TEST("a call that was started but has not run is given up like any other") {
    Pipe pipe;
    LineSource source(LineReader(std::move(pipe.read_end), "pipe"), RequestReader(RequestDefaults()));
    SlowAnswers answers([](int) -> Duration { return 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, RunnerOptions());
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    pipe.write("http://a.b/1\n");
    while (runner.calls().in_flight() == 0) co_await yield();
    runner.interrupt();
    runner.interrupt();
    const TimePoint interrupted = now();
    co_await group.join();
    CHECK(now() - interrupted < 100ms);
    CHECK(results_in(sink.text) == Results{"line-1 failed cancelled"});
}

ASYNC_TEST("an interruption ends the wait for a source that has nothing to say") {
    Pipe pipe;
    LineSource source(LineReader(std::move(pipe.read_end), "pipe"), RequestReader(RequestDefaults()));
    FakeMethod method;
    MemorySink sink;
    Runner runner(source, method, sink, RunnerOptions());
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await yield();
    runner.interrupt();
    co_await group.join();
    CHECK(end == RunEnd::interrupted);
}

ASYNC_TEST("when nobody reads the results any more, the run ends") {
    LineSource source = lines(urls(100));
    SlowAnswers answers([](int number) -> Duration { return number == 1 ? 1s : 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    sink.is_closed = true;
    Runner runner(source, method, sink, with_concurrency(2));
    const RunEnd end = co_await runner.run();
    CHECK(end == RunEnd::unread);
    CHECK(method.requests.size() <= 3);
}

ASYNC_TEST("when the results can't be written, the run ends with that error") {
    LineSource source = lines(urls(100));
    SlowAnswers answers([](int number) -> Duration { return number == 1 ? 1s : 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    sink.is_full = true;
    Runner runner(source, method, sink, with_concurrency(2));
    try {
        co_await runner.run();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
    }
}

ASYNC_TEST("when the source can't be read, the calls that were started have their results") {
    Pipe pipe;
    LineSource source(LineReader(std::move(pipe.write_end), "pipe"), RequestReader(RequestDefaults()));
    FakeMethod method;
    MemorySink sink;
    Runner runner(source, method, sink, RunnerOptions());
    try {
        co_await runner.run();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
    }
}

ASYNC_TEST("the calls in flight are known by their ids, the oldest first, and name their tasks") {
    LineSource source = lines(urls(4));
    SlowAnswers answers([](int number) -> Duration { return number == 1 ? 1s : 1h; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(3));
    std::optional<RunEnd> end;
    TaskGroup group;
    group.start(run_into(runner, end));
    co_await sleep_for(61s);
    const auto oldest = runner.calls().oldest_in_flight(2);
    REQUIRE(oldest.size() == 2);
    CHECK(oldest[0].custom_id == "line-2");
    CHECK(oldest[0].for_so_long == 61s);
    CHECK(runner.calls().oldest_in_flight(9).back().custom_id == "line-4");
    CHECK(runner.calls().oldest_in_flight(9).back().for_so_long == 60s);
    CHECK(dump().find("\"line-4\": waiting for time, 59 m 00 s left") != std::string::npos);
    co_await group.join();
    CHECK(runner.calls().oldest_in_flight(9).empty());
}

ASYNC_TEST("the times of a result are those of its attempt") {
    LineSource source = lines(urls(2));
    SlowAnswers answers([](int number) -> Duration { return number * 100ms; });
    FakeMethod method(answers.answer());
    MemorySink sink;
    Runner runner(source, method, sink, with_concurrency(1));
    co_await runner.run();
    CHECK(sink.text.find("\"start_ms\":0,\"total_ms\":100,") != std::string::npos);
    CHECK(sink.text.find("\"start_ms\":100,\"total_ms\":200,") != std::string::npos);
}
