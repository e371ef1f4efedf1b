#include "plait/batch/run.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/output/result_values.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/batch/testing/test_folder.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::content_of;
using plait::batch::internal::FakeMethod;
using plait::batch::internal::TestFolder;

namespace {

std::string urls(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += fmt::format("http://a.b/{}\n", i);
    return text;
}

Call call_to(int number, std::string method = "GET") {
    return Call(http::Request(std::move(method), http::Url(fmt::format("http://a.b/{}", number))));
}

std::vector<Call> calls(int count, const std::string& method = "GET") {
    std::vector<Call> calls;
    for (int i = 1; i <= count; ++i) calls.push_back(call_to(i, method));
    return calls;
}

Task<Attempt> ok_after(Duration time) {
    co_await sleep_for(time);
    co_return co_await FakeMethod::ok();
}

/// Runs without a network: they note where requests went.
class Runs {
  public:
    RunWorld world() {
        RunWorld world;
        world.method = std::make_unique<FakeMethod>([this](http::Request request) {
            sent.emplace_back(request.url.target());
            return ok_after(latency);
        });
        world.seed = 1;
        return world;
    }

    std::size_t result_lines() const {
        const std::string text = content_of(results);
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    TestFolder folder;
    std::string requests = folder.write("requests", urls(5));
    std::string results = folder.file("results");
    Duration latency = 1s;
    std::vector<std::string> sent;
};

/// Takes at most `most` results.
Task<std::string> take(Run& run, std::size_t most = 1'000'000) {
    std::string ids;
    while (most-- > 0) {
        const auto result = co_await run.next();
        if (!result) break;
        ids += result->custom_id() + " ";
    }
    co_return ids;
}

ErrorCode code_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a run can be made, finished and looked at outside a loop") {
    Runs runs;
    runs.latency = Duration::zero();
    Run run(runs.requests, runs.results, {.limits = {policy::parse_rate_limit("requests=10000/s")}}, runs.world());
    CHECK(run.is_resumable());
    CHECK(plait::run(run.finish()) == RunEnd::finished);
    CHECK(run.numbers().tally.done() == 5);
    CHECK(run.report().has_ended);
    CHECK(run.report().done == 5);
    CHECK_FALSE(run.stop_reason());
    CHECK(plait::run(run.finish()) == RunEnd::finished);
    CHECK(runs.result_lines() == 5);
    CHECK(parse_run_report(read_status(state_path(runs.results))).has_ended);
}

ASYNC_TEST("a run over existing results makes only the calls that have none") {
    Runs runs;
    {
        Run run(runs.requests, runs.results, {.concurrency = 1}, runs.world());
        CHECK(co_await take(run, 2) == "line-1 line-2 ");
    }  // dropped, as by a crash
    runs.sent.clear();
    Run run(runs.requests, runs.results, {.concurrency = 1}, runs.world());
    CHECK(co_await run.finish() == RunEnd::finished);
    CHECK(runs.sent == Ids{"/3", "/4", "/5"});  // line 3 was in flight, and is safe to repeat
    CHECK(run.numbers().tally.done() == 3);
    CHECK(run.numbers().tally.done_in_all() == 5);
    CHECK(runs.result_lines() == 5);
}

ASYNC_TEST("an unsafe call that was in flight when its run died is not sent again, unless that is asked for") {
    for (const bool repeat : {false, true}) {
        Runs runs;
        runs.latency = 1h;
        {
            Run run(calls_from(calls(1, "POST")), runs.results, {}, runs.world());
            CHECK_FALSE(co_await within(1s, run.finish()));
        }
        runs.latency = 1s;
        runs.sent.clear();
        Run run(calls_from(calls(1, "POST")), runs.results, {.repeat_unknown = repeat}, runs.world());
        co_await run.finish();
        CHECK(runs.sent.size() == (repeat ? 1 : 0));
        CHECK(run.numbers().tally.count(repeat ? Outcome::ok : Outcome::unknown) == 1);
        CHECK(run.numbers().first_unknown.size() == (repeat ? 0 : 1));
    }
}

ASYNC_TEST("a budget is one for all runs over the same results, even if they die") {
    Runs runs;
    const RunOptions options{.concurrency = 1, .budgets = {policy::parse_budget("requests=3")}};
    {
        Run run(runs.requests, runs.results, options, runs.world());
        co_await take(run, 2);
    }
    const std::size_t sent_before = runs.sent.size();
    CHECK(sent_before == 3);
    Run run(runs.requests, runs.results, options, runs.world());
    CHECK(co_await run.finish() == RunEnd::stopped);
    CHECK(run.is_budget_used_up());
    CHECK(runs.sent.size() == sent_before);
}

ASYNC_TEST("a run that resumes another one has its id and must have its settings") {
    Runs runs;
    RunOptions options;
    std::string id;
    {
        const Run run(runs.requests, runs.results, options, runs.world());
        id = run.id();
    }
    CHECK(Run(runs.requests, runs.results, options, runs.world()).id() == id);
    options.result_format.body = BodyFormat::base64;
    CHECK(code_of([&] { const Run run(runs.requests, runs.results, options, runs.world()); }) == ErrorCode::bad_input);
    options.overwrite = true;
    CHECK(Run(runs.requests, runs.results, options, runs.world()).id() != id);
    co_return;
}

TEST_CASE("two runs can't have the same results at a time") {
    Runs runs;
    const Run run(runs.requests, runs.results, {}, runs.world());
    CHECK(code_of([&] { const Run other(runs.requests, runs.results, {}, runs.world()); }) == ErrorCode::bad_input);
}

ASYNC_TEST("values come in the order of completion or of the input, with their calls, after their lines were written") {
    for (const bool ordered : {false, true}) {
        Runs runs;
        runs.folder.write("requests", urls(2) + "no URL\n");
        Run run(runs.requests, runs.results, {.ordered = ordered}, runs.world());
        bool has_bad_line = false;
        std::size_t seen = 0;
        while (const auto result = co_await run.next()) {
            CHECK(runs.result_lines() >= ++seen);
            if (const Call* call = result->call()) {
                CHECK(call->request.url.target() == fmt::format("/{}", result->line()));
                CHECK(result->end.response->status == 200);
            } else {
                has_bad_line = true;
                CHECK(result->line() == 3);
                CHECK(result->end.error->code == ErrorCode::bad_input);
            }
        }
        CHECK(seen == 3);
        CHECK(has_bad_line);
        CHECK(co_await run.finish() == RunEnd::finished);
        CHECK_FALSE(co_await run.next());
    }
}

ASYNC_TEST("calls come from a range or a generator, and are numbered and named") {
    Runs runs;
    const std::vector<int> numbers{1, 2, 3};
    const auto view = std::views::all(numbers) | std::views::transform([](int number) { return call_to(number); });
    Run ranged(calls_from(view), no_file, {.ordered = true}, runs.world());
    CHECK_FALSE(ranged.is_resumable());
    CHECK(co_await take(ranged) == "line-1 line-2 line-3 ");

    int next = 0;
    const auto generator = [&next]() -> std::optional<Call> {
        if (next == 2) return std::nullopt;
        ++next;
        return Call(http::Request("GET", "http://a.b/"), fmt::format("row-{}", next));
    };
    Run generated(calls_from(generator), no_file, {.ordered = true}, runs.world());
    CHECK(co_await take(generated) == "row-1 row-2 ");
}

ASYNC_TEST("a generator may wait, and is asked only when there is room") {
    Runs runs;
    int made = 0;
    const auto generator = [&made]() -> Task<std::optional<Call>> {
        co_await sleep_for(1s);
        co_return call_to(++made);
    };
    Run run(calls_from(generator), no_file, {.concurrency = 2}, runs.world());
    co_await take(run, 3);
    co_await sleep_for(1h);
    CHECK(made >= static_cast<int>(ResultValues::most_waiting));
    CHECK(made <= static_cast<int>(ResultValues::most_waiting) + 50);
}

ASYNC_TEST("calls from a program are resumed, and must be the same calls") {
    Runs runs;
    {
        Run run(calls_from(calls(3)), runs.results, {.concurrency = 1}, runs.world());
        co_await take(run, 1);
    }
    runs.sent.clear();
    {
        Run run(calls_from(calls(3)), runs.results, {.concurrency = 1}, runs.world());
        co_await run.finish();
    }
    CHECK(runs.sent == Ids{"/2", "/3"});
    Run other(calls_from(calls(4)), runs.results, {}, runs.world());
    std::string message;
    try {
        co_await other.finish();
    } catch (const Error& error) {
        message = error.what();
    }
    CHECK(message.find("the list of calls") != std::string::npos);
}

ASYNC_TEST("a run that was paused before its start makes no call until it resumes") {
    Runs runs;
    RunOptions options;
    options.page_url = "http://127.0.0.1:1/token/";
    Run run(calls_from(calls(3)), no_file, options, runs.world());
    run.pause();
    CHECK(run.is_paused());
    TaskGroup beside;
    beside.start([](Run& one) -> Task<void> { co_await one.finish(); }, std::ref(run));
    co_await sleep_for(1h);
    CHECK(runs.sent.empty());
    CHECK(run.report().is_paused);
    CHECK(run.report().page_url == "http://127.0.0.1:1/token/");
    run.resume();
    CHECK_FALSE(run.is_paused());
    co_await beside.join();
    CHECK(runs.sent.size() == 3);
    CHECK(run.report().page_url.empty());
}

ASYNC_TEST("an interruption before the start starts nothing, and one in the middle leaves the rest to another run") {
    Runs runs;
    Run first(runs.requests, runs.results, {.concurrency = 1}, runs.world());
    first.interrupt();
    CHECK(first.is_interrupted());
    CHECK(co_await first.finish() == RunEnd::interrupted);
    CHECK(runs.sent.empty());

    const std::string results = runs.folder.file("other");
    Run second(runs.requests, results, {.concurrency = 1}, runs.world());
    co_await take(second, 2);
    second.interrupt();
    CHECK(co_await second.finish() == RunEnd::interrupted);
    CHECK(runs.sent.size() < 5);
    CHECK(second.report().stopped == "interrupted");
}

TEST_CASE("options about request lines are refused where calls come as values") {
    Runs runs;
    RunOptions options;
    options.requests.base_url = "http://a.b";
    CHECK(code_of([&] { const Run run(calls_from(calls(1)), no_file, options, runs.world()); }) ==
          ErrorCode::bad_input);
}

TEST_CASE("an input that is not there leaves no files behind") {
    Runs runs;
    CHECK(code_of([&] { const Run run(runs.folder.file("none"), runs.results, {}, runs.world()); }) ==
          ErrorCode::bad_input);
    CHECK_FALSE(std::filesystem::exists(runs.results));
    CHECK_FALSE(std::filesystem::exists(state_path(runs.results)));
}
