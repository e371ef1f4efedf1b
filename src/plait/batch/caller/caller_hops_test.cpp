#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/caller/internal/caller_bench_test.hpp"
#include "plait/testing/async_test.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::attempts_of;
using plait::batch::internal::CallerBench;
using plait::batch::internal::Servers;

namespace {

Attempt answer(int status, std::string_view location = {}) {
    http::Response response;
    response.status = status;
    if (!location.empty()) response.headers.add("Location", location);
    return response;
}

Call call_to(std::string url, std::string method = "GET") {
    return Call("id", 1, http::Request(std::move(method), http::Url(url)));
}

Servers redirecting_once(int status, std::string to, int then = 200) {
    return [=](const std::string& url, int) { return url.ends_with("/from") ? answer(status, to) : answer(then); };
}

std::string error_of(const CallEnd& end) {
    return end.error ? std::string(to_string(end.error->code)) + ": " + end.error->message : "";
}

}  // namespace

ASYNC_TEST("a redirect is followed, and is no attempt of the call's number") {
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 1;
    CallerBench bench(redirecting_once(302, "/to"), options);
    const CallEnd end = co_await bench.make(call_to("http://a/from"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(attempts_of(end) == "302 redirect, 200 http://a/to");
    CHECK(end.response->url == "http://a/to");
    CHECK((co_await bench.make(call_to("http://a/from#part"))).response->url == "http://a/to#part");
    CHECK(bench.caller.counts().redirects == 2);
    CHECK(bench.caller.counts().retries == 0);
}

ASYNC_TEST("a hop obeys the limits of the group of its origin") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("requests=1/10s")};
    CallerBench bench([](const std::string& url,
                         int) { return url.starts_with("http://a") ? answer(302, "http://b/to") : answer(200); },
                      options);
    const TimePoint start = now();
    TaskGroup calls;
    std::vector<TimePoint> ended;
    const auto make = [&](int) -> Task<void> {
        co_await bench.make(call_to("http://a/from"));
        ended.push_back(now() - start + TimePoint());
    };
    for (int n = 0; n < 3; ++n) calls.start(make(n), "call");
    co_await calls.join();
    REQUIRE(ended.size() == 3);
    CHECK(ended[2] >= TimePoint(20s));
    const auto reports = bench.caller.groups(ClockPair());
    CHECK(reports.size() == 2);
}

ASYNC_TEST("a call that is stopped before its hop says so") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("requests=1/10s")};
    CallerBench bench(redirecting_once(302, "/to"), options);
    TaskGroup calls;
    std::optional<CallEnd> end;
    const auto make = [&]() -> Task<void> { end = co_await bench.make(call_to("http://a/from")); };
    calls.start(make(), "call");
    co_await sleep_for(5s);
    bench.caller.stop();
    co_await calls.join();
    REQUIRE(end);
    CHECK(end->outcome == Outcome::rejected);
    CHECK(error_of(*end) == "expect: the redirect is not followed: the run was stopped before");
}

ASYNC_TEST("an unsafe call that is stopped before its hop was not executed, and a later run makes it") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("requests=1/10s")};
    options.is_resumable = true;
    for (const int status : {307, 303}) {
        CallerBench bench(redirecting_once(status, "/to"), options);
        TaskGroup calls;
        Call call = call_to("http://a/from", "POST");
        std::optional<MadeCall> made;
        const auto make = [&]() -> Task<void> { made = co_await bench.caller.make(call); };
        calls.start(make(), "call");
        co_await sleep_for(5s);
        bench.caller.stop();
        co_await calls.join();
        REQUIRE(made);
        // After 303 it was executed: there will be no other attempt.
        CHECK(made->has_value() == (status != 307));
        CHECK(bench.log.told == (status == 307 ? "sent undone " : "sent "));
    }
}

ASYNC_TEST("a hop that fails is repeated, not the call") {
    CallerBench bench([](const std::string& url, int times) {
        if (url == "http://a/from") return answer(302, "/to");
        return times == 1 ? answer(503) : answer(200);
    });
    const CallEnd end = co_await bench.make(call_to("http://a/from"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(bench.asked == std::vector<std::string>{"GET http://a/from", "GET http://a/to", "GET http://a/to"});
}

ASYNC_TEST("the log knows of each hop of an unsafe request, and that it was not executed before") {
    CallerBench bench(redirecting_once(307, "/to"));
    const CallEnd end = co_await bench.make(call_to("http://a/from", "POST"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(bench.asked == std::vector<std::string>{"POST http://a/from", "POST http://a/to"});
    CHECK(bench.log.told == "sent undone sent ");
}

ASYNC_TEST("an unsafe request that was executed is not sent again, but the GET after its 303 is") {
    CallerBench bench([](const std::string& url, int times) -> Attempt {
        if (url == "http://a/from") return answer(303, "/to");
        if (times == 1) return Failure(ErrorCode::reset, "gone", true);
        return answer(200);
    });
    const CallEnd end = co_await bench.make(call_to("http://a/from", "POST"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(bench.asked == std::vector<std::string>{"POST http://a/from", "GET http://a/to", "GET http://a/to"});
    CHECK(bench.log.told == "sent ");
}

ASYNC_TEST("the outcome is unknown if an unsafe request was executed and what follows has no answer") {
    CallerBench bench([](const std::string& url, int) -> Attempt {
        if (url == "http://a/from") return answer(303, "/to");
        return Failure(ErrorCode::connect, "refused", false);
    });
    const CallEnd end = co_await bench.make(call_to("http://a/from", "POST"));
    CHECK(end.outcome == Outcome::unknown);
    REQUIRE(end.error);
    CHECK(end.error->maybe_sent);
    CHECK_FALSE(end.error->retryable);
    CHECK(bench.times["http://a/from"] == 1);
}

ASYNC_TEST("a redirect that is not followed is the answer, and the error says why") {
    CallerBench bench(redirecting_once(302, "/to"));
    const CallEnd posted = co_await bench.make(call_to("http://a/from", "POST"));
    CHECK(posted.outcome == Outcome::rejected);
    CHECK(posted.response->status == 302);
    CHECK(
        error_of(posted) ==
        "expect: the redirect is not followed: 302 does not say whether the POST was executed: send it to the new URL");
    CHECK(bench.asked.size() == 1);

    CallerOptions none;
    none.redirects.most = 0;
    CallerBench unfollowed(redirecting_once(302, "/to"), none);
    const CallEnd end = co_await unfollowed.make(call_to("http://a/from"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK_FALSE(end.error);
    CHECK(end.response->url.empty());
}

ASYNC_TEST("a circle ends, and so do redirects without end") {
    CallerBench circle([](const std::string& url, int) { return answer(302, url == "http://a/1" ? "/2" : "/1"); });
    const CallEnd end = co_await circle.make(call_to("http://a/1"));
    CHECK(error_of(end) == "expect: the redirect is not followed: it leads in a circle");
    CHECK(circle.asked.size() == 2);

    CallerBench endless([](const std::string& url, int) { return answer(302, url + "x"); });
    const CallEnd last = co_await endless.make(call_to("http://a/x"));
    CHECK(error_of(last) ==
          "expect: the redirect is not followed: 10 redirects were followed before it (--max-redirects)");
    CHECK(endless.asked.size() == 11);
}

ASYNC_TEST("no secret leaves its origin, in whatever field it stands") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret-value");
    CallerBench bench(redirecting_once(302, "http://b/to?key=s3cret-value"), {}, &secrets);
    Call call = call_to("http://a/from");
    call.request.headers = {{"Authorization", "Bearer x"}, {"User-Agent", "me s3cret-value"}, {"Accept", "text/plain"}};
    const CallEnd end = co_await bench.make(std::move(call));
    const http::Headers& sent = bench.method.requests.back().headers;
    CHECK(sent.size() == 1);
    CHECK(sent.get("Accept") == "text/plain");
    CHECK(end.response->url == "http://b/to?key={{env.KEY}}");
    CHECK(attempts_of(end) == "302 redirect, 200 http://b/to?key={{env.KEY}}");
}

ASYNC_TEST("the deadline spans all hops") {
    CallerBench bench([](const std::string& url, int) { return answer(302, url + "x"); });
    Call call = call_to("http://a/x");
    call.rules.deadline = 25ms;
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.error->code == ErrorCode::deadline);
    CHECK(bench.asked.size() == 3);
}

ASYNC_TEST("a redirect costs a request, and only the request that is answered costs what its line says") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("tokens=10/10s")};
    options.rules.budgets = {policy::Budget("tokens", 1000), policy::Budget("requests", 1000)};
    CallerBench bench(redirecting_once(302, "/to"), options);
    const TimePoint start = now();
    for (int n = 0; n < 2; ++n) {
        Call call = call_to("http://a/from");
        call.rules.costs.set("tokens", 5);
        co_await bench.make(std::move(call));
    }
    CHECK(now() - start < 10s);
    CHECK(bench.caller.rules().spent().get("tokens") == 10);
    CHECK(bench.caller.rules().spent().get("requests") == 4);
}

ASYNC_TEST("after a 303 the unsafe request is paid for, and what follows costs only a request") {
    CallerOptions options;
    options.rules.budgets = {policy::Budget("tokens", 1000), policy::Budget("requests", 1000)};
    CallerBench bench(redirecting_once(303, "/to"), options);
    Call call = call_to("http://a/from", "POST");
    call.rules.costs.set("tokens", 5);
    co_await bench.make(std::move(call));
    CHECK(bench.caller.rules().spent().get("tokens") == 5);
    CHECK(bench.caller.rules().spent().get("requests") == 2);
}

ASYNC_TEST("redirects are followed where each request is sent once, too") {
    CallerOptions options;
    options.once = true;
    CallerBench bench(redirecting_once(302, "http://b/to", 503), options);
    const CallEnd end = co_await bench.make(call_to("http://a/from"));
    CHECK(attempts_of(end) == "302 redirect, 503 http://b/to");
}

ASYNC_TEST("a call whose unsafe request was answered by 303 is unknown if the deadline ends what follows") {
    CallerBench bench([](const std::string& url, int) { return answer(url.ends_with("/from") ? 303 : 200, "/to"); });
    Call call = call_to("http://a/from", "POST");
    call.rules.deadline = 15ms;
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.outcome == Outcome::unknown);
    CHECK(end.error->code == ErrorCode::deadline);
    CHECK(bench.log.told == "sent ");
}
