#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/caller/internal/caller_bench_test.hpp"
#include "plait/testing/async_test.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::attempts_of;
using plait::batch::internal::CallerBench;
using plait::batch::internal::FakeMethod;
using plait::batch::internal::FixedDate;
using plait::batch::internal::later;
using plait::batch::internal::Servers;

namespace {

Attempt answer(int status, std::string body = {}, std::vector<std::pair<std::string, std::string>> fields = {}) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    for (const auto& [name, value] : fields) response.headers.add(name, value);
    return response;
}

Call call_to(std::string url, const char* rule, std::string method = "GET") {
    Call call("id", 1, http::Request(std::move(method), http::Url(url)));
    call.rules.follow = std::make_shared<const FollowRule>(FollowRule::parse_flag(rule));
    return call;
}

Attempt page(std::string next, std::string body = "") {
    return answer(200, R"({"next": ")" + next + R"(", "b": ")" + body + "\"}");
}

/// Three pages at http://a/1, http://a/2, http://a/3.
Attempt three_pages(const std::string& url, int) {
    return page(url.back() == '3' ? "" : "/" + std::string(1, static_cast<char>(url.back() + 1)));
}

std::string error_of(const CallEnd& end) {
    return end.error ? std::string(to_string(end.error->code)) + ": " + end.error->message : "";
}

}  // namespace

ASYNC_TEST("the pages of a list are one call") {
    CallerBench bench(three_pages);
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(error_of(end) == "");
    CHECK(attempts_of(end) == "200 next-page, 200 http://a/2 next-page, 200 http://a/3");
    REQUIRE(end.pages.size() == 3);
    CHECK(end.pages[0].body == R"({"next": "/2", "b": ""})");
    CHECK(end.pages[0].url.empty());
    CHECK(end.pages[2].url == "http://a/3");
    CHECK(end.response->status == 200);
    CHECK(end.response->url == "http://a/3");
    CHECK(end.response->body.empty());
    CHECK(end.has_pages);
    CHECK_FALSE(end.has_more_pages);
    CHECK(bench.caller.counts().follow_ups == 2);
    CHECK(bench.caller.counts().retries == 0);
    CHECK(bench.caller.counts().redirects == 0);
}

ASYNC_TEST("a list of one page is one page") {
    CallerBench bench([](const std::string&, int) { return page(""); });
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(end.pages.size() == 1);
    CHECK(end.response->body.empty());
}

ASYNC_TEST("a page that fails for a while is retried itself, with attempts of its own") {
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 3;
    CallerBench bench([](const std::string& url,
                         int times) { return times < 2 && url.back() != '1' ? answer(500) : three_pages(url, times); },
                      options);
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(end.attempts.size() == 5);
    CHECK(end.pages.size() == 3);
    CHECK(bench.caller.counts().retries == 2);
}

ASYNC_TEST("a page whose request fails ends the call, which keeps the pages before it") {
    CallerBench bench([](const std::string& url, int times) {
        return url.back() == '3' ? answer(404, "no") : three_pages(url, times);
    });
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end) == "expect: page 3: status 404");
    CHECK(end.pages.size() == 2);
    CHECK(end.response->status == 404);
    CHECK(end.response->body == "no");
}

ASYNC_TEST("a page without an answer fails the call") {
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 1;
    CallerBench bench(
        [](const std::string& url, int times) -> Attempt {
            if (url.back() == '2') return Failure(ErrorCode::reset, "the connection ended", true);
            return three_pages(url, times);
        },
        options);
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::failed);
    CHECK(error_of(end) == "reset: page 2: the connection ended");
    CHECK(end.pages.size() == 1);
    CHECK_FALSE(end.response);
}

ASYNC_TEST("pages that lead in a circle, or are not JSON, are no success") {
    CallerBench bench([](const std::string& url, int) { return url.back() == '3' ? page("/2") : three_pages(url, 1); });
    CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end) ==
          "expect: the page after page 3 can't be fetched: the pages go in a circle: http://a/2 came before");
    CHECK(end.pages.size() == 3);

    bench.servers = [](const std::string&, int) { return answer(200, "<html>"); };
    end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end).find("it is not JSON") != std::string::npos);
}

ASYNC_TEST("no more pages than wanted are got, and the end says that there are more") {
    CallerOptions options;
    options.max_pages = 2;
    CallerBench bench(three_pages, options);
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(end.pages.size() == 2);
    CHECK(end.has_more_pages);
    CHECK(bench.asked.size() == 2);
}

ASYNC_TEST("pages may have so many bytes together, of a call and of all") {
    CallerOptions options;
    options.page_bytes = 60;
    http::BodyMemory memory(1000);
    CallerBench bench(three_pages, options, nullptr, &memory);
    CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end) == "too_large: page 3: the pages of the call have more than 60 bytes together (--max-body)");
    CHECK(end.pages.size() == 2);
    CHECK(memory.held() == 0);

    http::BodyMemory little(30);
    CallerBench poor(three_pages, {}, nullptr, &little);
    end = co_await poor.make(call_to("http://a/1", "next=/next"));
    CHECK(error_of(end).find("--max-body-total") != std::string::npos);
    CHECK(little.held() == 0);
}

ASYNC_TEST("credentials stay with their origin") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret");
    CallerBench bench(
        [](const std::string& url, int) { return url == "http://a/1" ? page("http://b/2") : page("", "s3cret"); }, {},
        &secrets);
    Call call = call_to("http://a/1", "next=/next");
    call.request.headers.add("Authorization", "Bearer s3cret");
    call.request.headers.add("Accept", "text/plain");
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.outcome == Outcome::ok);
    const http::Request& second = bench.method.requests.back();
    CHECK_FALSE(second.headers.contains("Authorization"));
    CHECK(second.headers.get("Accept") == "text/plain");
    CHECK(second.without_default_headers);
    CHECK(end.pages.back().body.find("s3cret") == std::string::npos);

    bench.servers = [](const std::string&, int) { return page("http://a/2"); };
    const CallEnd insecure = co_await bench.make(call_to("https://a/1", "next=/next"));
    CHECK(error_of(insecure).find("it leads from https to http") != std::string::npos);
    CHECK(insecure.outcome == Outcome::rejected);
}

ASYNC_TEST("each page may be redirected") {
    CallerOptions options;
    options.redirects.most = 1;
    CallerBench bench(
        [](const std::string& url, int) -> Attempt {
            if (url.find('r') != std::string::npos)
                return answer(302, "", {{"Location", "/" + url.substr(url.size() - 1)}});
            return page(url.back() == '2' ? "" : "/r2");
        },
        options);
    const CallEnd end = co_await bench.make(call_to("http://a/r1", "next=/next"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(attempts_of(end) == "302 redirect, 200 http://a/1 next-page, 302 http://a/r2 redirect, 200 http://a/2");
    CHECK(end.pages.size() == 2);
}

ASYNC_TEST("expect is asked of each page") {
    CallerBench bench(three_pages);
    Call call = call_to("http://a/1", "next=/next");
    call.rules.expectation =
        std::make_shared<const Expectation>(Expectation::parse(R"({"json": [{"path": "/next", "is": "/2"}]})"));
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end).find("expect: page 2: /next is") == 0);
    CHECK(end.pages.size() == 1);
}

ASYNC_TEST("each page obeys the pace, and the deadline is that of the whole call") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("requests=1/10s")};
    options.deadline = 15s;
    CallerBench bench(three_pages, options);
    const TimePoint begin = now();
    const CallEnd end = co_await bench.make(call_to("http://a/1", "next=/next"));
    CHECK(now() - begin == 15s);
    CHECK(end.outcome == Outcome::failed);
    CHECK(error_of(end) ==
          "deadline: its deadline of 15 s passed after 2 attempts; the last: 200: page 3 was not fetched");
    CHECK(end.pages.size() == 2);
    CHECK_FALSE(end.response);
    CHECK(end.has_more_pages);
}

ASYNC_TEST("only GETs follow an unsafe request, which is never sent again") {
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 2;
    CallerBench bench(
        [](const std::string& url, int times) -> Attempt {
            if (url.back() == '2') return Failure(ErrorCode::reset, "the connection ended", true);
            return three_pages(url, times);
        },
        options);
    Call call = call_to("http://a/1", "next=/next", "POST");
    call.request.body = "search";
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(bench.asked == std::vector<std::string>{"POST http://a/1", "GET http://a/2", "GET http://a/2"});
    CHECK(bench.method.requests.back().body.empty());
    CHECK(end.outcome == Outcome::unknown);
    CHECK(error_of(end) == "reset: page 2: the connection ended");
    CHECK_FALSE(end.error->retryable);
    CHECK(bench.log.told == "sent ");
}

namespace {

/// A search whose pages are POSTs to http://a/q: three, of which the second is answered by `second` the first time.
Servers search(std::optional<Attempt> second = std::nullopt) {
    return [second, page_number = 1, was_odd = false](const std::string&, int) mutable {
        if (page_number == 2 && second && !std::exchange(was_odd, true)) return *second;
        const std::string cursor = page_number < 3 ? "\"c" + std::to_string(page_number) + "\"" : "null";
        ++page_number;
        return answer(200, "{\"cursor\": " + cursor + "}");
    };
}

Call search_call() {
    Call call = call_to("http://a/q", "next=/cursor,into=/after", "POST");
    call.request.body = R"({"q": "x"})";
    return call;
}

std::string bodies_of(const CallerBench& bench) {
    std::string bodies;
    for (const http::Request& request : bench.method.requests) bodies += request.body + " ";
    return bodies;
}

}  // namespace

ASYNC_TEST("pages that are POSTs are sent once each, and recorded once") {
    CallerBench bench(search());
    const CallEnd end = co_await bench.make(search_call());
    CHECK(end.outcome == Outcome::ok);
    CHECK(end.pages.size() == 3);
    CHECK(bench.asked == std::vector<std::string>{"POST http://a/q", "POST http://a/q", "POST http://a/q"});
    CHECK(bodies_of(bench) == R"({"q": "x"} {"after":"c1","q": "x"} {"after":"c2","q": "x"} )");
    CHECK(bench.log.told == "sent ");
    CHECK(bench.caller.counts().follow_ups == 2);
}

ASYNC_TEST("a page that is a POST and gets no answer is not sent again, and its call is unknown") {
    CallerBench bench(search(Attempt(Failure(ErrorCode::reset, "the connection ended", true))));
    const CallEnd end = co_await bench.make(search_call());
    CHECK(end.outcome == Outcome::unknown);
    CHECK(error_of(end) == "reset: page 2: the connection ended");
    CHECK(end.pages.size() == 1);
    CHECK(bench.asked.size() == 2);
    CHECK(bench.log.told == "sent ");

    CallerBench safe(search(Attempt(Failure(ErrorCode::reset, "the connection ended", true))));
    Call call = search_call();
    call.rules.safe_to_repeat = true;
    CHECK((co_await safe.make(std::move(call))).outcome == Outcome::ok);
    CHECK(safe.asked.size() == 4);
}

ASYNC_TEST("a page that is a POST and is refused is sent again, and its record stays") {
    CallerBench bench(search(answer(429, "", {{"Retry-After", "1"}})));
    const CallEnd end = co_await bench.make(search_call());
    CHECK(end.outcome == Outcome::ok);
    CHECK(end.attempts.size() == 4);
    CHECK(bench.log.told == "sent ");
}

ASYNC_TEST("each page has an idempotency key of its own, the same in each run") {
    std::vector<std::string> keys;
    for (int run = 0; run < 2; ++run) {
        CallerBench bench(search());
        Call call = search_call();
        call.request.headers.add("Idempotency-Key", "k");
        call.rules.safe_to_repeat = true;
        CHECK((co_await bench.make(std::move(call))).outcome == Outcome::ok);
        for (const http::Request& request : bench.method.requests)
            keys.emplace_back(request.headers.get("Idempotency-Key").value_or(""));
    }
    REQUIRE(keys.size() == 6);
    CHECK(keys[0] == "k");
    CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == 3);
    CHECK(keys[1] == keys[4]);
    CHECK(keys[2] == keys[5]);
}

ASYNC_TEST("a run that is stopped between two POSTs ends their call as unknown") {
    CallerOptions options;
    options.is_resumable = true;
    options.limits = {policy::parse_rate_limit("requests=1/10s")};
    CallerBench bench(search(), options);
    TaskGroup beside;
    beside.start([](Caller& caller) -> Task<void> {
        co_await sleep_for(1s);
        caller.stop();
    }(bench.caller));
    const CallEnd end = co_await bench.make(search_call());
    co_await beside.join();
    CHECK(end.outcome == Outcome::unknown);
    CHECK(error_of(end) == "cancelled: page 2 was not fetched");
    CHECK(end.pages.size() == 1);
}

/// Three pages, of which the second is wanted again `times` times.
struct PickyProgram {
    explicit PickyProgram(int times) : left(times) {}

    CallerParts parts() {
        CallerParts parts(pages, random, dates);
        parts.wants_retry = [this](const EndedAttempt& ended) -> std::optional<bool> {
            if (ended.request.url.text() != "http://a/2" || left-- <= 0) return std::nullopt;
            return true;
        };
        return parts;
    }

    int left;
    FakeMethod pages{[](http::Request request) { return later(three_pages(request.url.text(), 1)); }};
    Random random{1};
    FixedDate dates;
};

ASYNC_TEST("a page that the program wants again is got again, and is one page") {
    PickyProgram program(2);
    Caller caller(CallerOptions(), program.parts());
    Call call = call_to("http://a/1", "next=/next");
    const MadeCall made = co_await caller.make(call);
    const auto& end = *made;
    CHECK(end.outcome == Outcome::ok);
    CHECK(program.pages.requests.size() == 5);
    CHECK(end.pages.size() == 3);
    CHECK(caller.counts().retries == 2);
    CHECK(caller.counts().follow_ups == 2);
}

ASYNC_TEST("a call whose page the program wants again too often has no success") {
    PickyProgram program(1000);
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 3;
    Caller caller(options, program.parts());
    Call call = call_to("http://a/1", "next=/next");
    const MadeCall made = co_await caller.make(call);
    const auto& end = *made;
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end) == "expect: page 2: another attempt was wanted, and none was left");
    CHECK(program.pages.requests.size() == 4);
    CHECK(end.pages.size() == 1);
    CHECK(end.response->status == 200);
}

ASYNC_TEST("a page that must not be sent twice is followed, whatever the program wants") {
    PickyProgram program(1000);
    Caller caller(CallerOptions(), program.parts());
    Call call = call_to("http://a/2", "next=/next", "POST");
    const MadeCall made = co_await caller.make(call);
    CHECK(made->pages.size() == 2);
    CHECK(program.pages.requests.size() == 2);
}

ASYNC_TEST("pages are counted until one is empty, and each pays what the call costs") {
    CallerOptions options;
    options.limits = {policy::parse_rate_limit("tokens=10/10s")};
    CallerBench bench(
        [](const std::string& url, int) { return answer(200, url.back() < '3' ? R"({"i": [1]})" : R"({"i": []})"); },
        options);
    Call call = call_to("http://a/?p=1", "next=count,cursor=p,items=/i", "POST");
    call.rules.safe_to_repeat = true;
    call.rules.costs.set("tokens", 10);
    const TimePoint begin = now();
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.outcome == Outcome::ok);
    CHECK(now() - begin >= 20s);
    CHECK(bench.asked == std::vector<std::string>{"POST http://a/?p=1", "POST http://a/?p=2", "POST http://a/?p=3"});
}

ASYNC_TEST("a call with pages that is stopped is made again as a whole, or has no success") {
    const auto stopped = [](bool is_resumable) -> Task<MadeCall> {
        CallerOptions options;
        options.is_resumable = is_resumable;
        options.limits = {policy::parse_rate_limit("requests=1/10s")};
        CallerBench bench(three_pages, options);
        TaskGroup beside;
        beside.start([](Caller& caller) -> Task<void> {
            co_await sleep_for(1s);
            caller.stop();
        }(bench.caller));
        Call call = call_to("http://a/1", "next=/next");
        MadeCall made = co_await bench.caller.make(call);
        co_await beside.join();
        co_return made;
    };
    const MadeCall later_made = co_await stopped(true);
    CHECK(!later_made);
    const MadeCall made = co_await stopped(false);
    const CallEnd& end = *made;
    CHECK(end.outcome == Outcome::failed);
    CHECK(error_of(end) == "cancelled: page 2 was not fetched");
    CHECK(end.pages.size() == 1);
}

namespace {

/// A job that is started by a POST to http://a/jobs, and has ended when it was asked for `times` times.
Servers job_of(int times) {
    return [times](const std::string& url, int time) {
        if (url == "http://a/jobs") return answer(202, "", {{"Location", "/s/1"}});
        return time < times ? answer(202) : answer(200, "result");
    };
}

}  // namespace

ASYNC_TEST("a job is asked for until it has ended, and its POST is sent once") {
    CallerBench bench(job_of(3));
    const TimePoint begin = now();
    const CallEnd end = co_await bench.make(call_to("http://a/jobs", "poll=location", "POST"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(attempts_of(end) == "202 poll, 202 http://a/s/1 poll, 202 http://a/s/1 poll, 200 http://a/s/1");
    CHECK(end.response->body == "result");
    CHECK(end.response->url == "http://a/s/1");
    CHECK_FALSE(end.has_pages);
    CHECK(bench.asked.front() == "POST http://a/jobs");
    CHECK(bench.times["http://a/jobs"] == 1);
    CHECK(now() - begin == 3s + 4 * 10ms);
    CHECK(bench.log.told == "sent poll http://a/s/1 ");
}

ASYNC_TEST("polls wait as long as Retry-After says") {
    CallerBench bench([](const std::string& url, int times) {
        if (url == "http://a/jobs") return answer(202, "", {{"Location", "/s/1"}, {"Retry-After", "7"}});
        return times < 2 ? answer(202, "", {{"Retry-After", "20"}}) : answer(200);
    });
    const TimePoint begin = now();
    const CallEnd end = co_await bench.make(call_to("http://a/jobs", "poll=location", "POST"));
    CHECK(end.outcome == Outcome::ok);
    CHECK(now() - begin >= 27s);
    CHECK(now() - begin < 28s);
    CHECK(http::equal_ignoring_case(end.attempts[0].why, "Retry-After"));
    CHECK(http::equal_ignoring_case(end.attempts[1].why, "Retry-After"));
}

ASYNC_TEST("expect is about the last answer of a job") {
    CallerBench bench([](const std::string& url, int times) {
        if (url == "http://a/jobs") return answer(201, R"({"id": "7", "status": "new"})");
        return answer(200, times < 2 ? R"({"status": "running"})" : R"({"status": "failed"})");
    });
    const char* rule = R"({"poll": "/status", "until": ["ok", "failed"], "at": "/jobs/{/id}"})";
    Call call = call_to("http://a/jobs", rule, "POST");
    call.rules.expectation =
        std::make_shared<const Expectation>(Expectation::parse(R"({"json": [{"path": "/status", "is": "ok"}]})"));
    const CallEnd end = co_await bench.make(std::move(call));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(bench.asked.back() == "GET http://a/jobs/7");
    CHECK(bench.asked.size() == 3);
    CHECK(error_of(end).find("the poll of http://a/jobs/7: /status is \"failed\"") != std::string::npos);
}

ASYNC_TEST("a poll that fails is retried, and the call is then unknown, as the job was started") {
    CallerOptions options;
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 2;
    CallerBench bench(
        [](const std::string& url, int) -> Attempt {
            if (url == "http://a/jobs") return answer(202, "", {{"Location", "/s/1"}});
            return Failure(ErrorCode::connect, "refused", false);
        },
        options);
    const CallEnd end = co_await bench.make(call_to("http://a/jobs", "poll=location", "POST"));
    CHECK(bench.asked.size() == 3);
    CHECK(end.outcome == Outcome::unknown);
    CHECK(error_of(end) == "connect: the poll of http://a/s/1: refused");
    CHECK(bench.log.told == "sent poll http://a/s/1 ");
}

ASYNC_TEST("a job that does not end in time is unknown, and the error says where to ask") {
    CallerOptions options;
    options.deadline = 60s;
    CallerBench bench(job_of(1'000'000), options);
    const TimePoint begin = now();
    const CallEnd end = co_await bench.make(call_to("http://a/jobs", "poll=location", "POST"));
    CHECK(now() - begin > 50s);
    CHECK(now() - begin < 60s);
    CHECK(end.outcome == Outcome::unknown);
    CHECK(error_of(end) == "deadline: the job had not ended when its deadline of 60 s came; ask at http://a/s/1");
}

ASYNC_TEST("a resumable run that is stopped leaves a job to the next one, which goes on asking") {
    CallerOptions options;
    options.is_resumable = true;
    CallerBench bench(job_of(1'000'000), options);
    TaskGroup beside;
    beside.start([](Caller& caller) -> Task<void> {
        co_await sleep_for(5s);
        caller.stop();
    }(bench.caller));
    Call call = call_to("http://a/jobs", "poll=location", "POST");
    const MadeCall made = co_await bench.caller.make(call);
    co_await beside.join();
    CHECK(!made);

    CallerBench next(job_of(2), options);
    next.log.poll_url = "http://a/s/1";
    CHECK(next.caller.can_take_up(call));
    const CallEnd end = co_await next.make(call);
    CHECK(end.outcome == Outcome::ok);
    CHECK(next.asked == std::vector<std::string>{"GET http://a/s/1", "GET http://a/s/1"});
    CHECK(end.response->body == "result");
    CHECK(next.log.told == "");
    call.rules.follow.reset();
    CHECK_FALSE(next.caller.can_take_up(call));
}

ASYNC_TEST("the poll URL of a job is recorded without secrets, and found again with them") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret w/s");
    std::string place = "/s/1?k=s3cret%20w%2Fs&n=1";
    const auto servers = [&place](const std::string& url, int) {
        if (url.starts_with("http://a/jobs")) return answer(202, "", {{"Location", place}});
        return answer(200, "result");
    };
    CallerBench bench(servers, {}, &secrets);
    const Call call = call_to("http://a/jobs?x&k=s3cret%20w%2Fs", "poll=location", "POST");
    CHECK((co_await bench.make(call)).outcome == Outcome::ok);
    CHECK(bench.log.told == "sent poll http://a/s/1?k={{env.KEY}}&n=1 ");

    CallerBench next(servers, {}, &secrets);
    next.log.poll_url = "http://a/s/1?k={{env.KEY}}&n=1";
    CHECK(next.caller.can_take_up(call));
    CHECK((co_await next.make(call)).outcome == Outcome::ok);
    CHECK(next.asked == std::vector<std::string>{"GET http://a/s/1?k=s3cret%20w%2Fs&n=1"});
    next.log.poll_url = "http://a/s/1?k={{env.OTHER}}";
    CHECK_FALSE(next.caller.can_take_up(call));
    CallerBench without(servers);
    without.log.poll_url = "http://a/s/1?k={{env.KEY}}";
    CHECK_FALSE(without.caller.can_take_up(call));

    place = "/s/1?k=s3cret+w/s";  // a spelling that would not come back
    CallerBench other(servers, {}, &secrets);
    CHECK((co_await other.make(call)).outcome == Outcome::ok);
    CHECK(other.log.told == "sent ");
}

ASYNC_TEST("a job that nobody says where to ask for is no success") {
    CallerBench bench([](const std::string&, int) { return answer(202); });
    const CallEnd end = co_await bench.make(call_to("http://a/jobs", "poll=location", "POST"));
    CHECK(end.outcome == Outcome::rejected);
    CHECK(error_of(end).find("expect: the job can't be followed: the 202 has no Location") == 0);
    CHECK(bench.asked.size() == 1);
}
