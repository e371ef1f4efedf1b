#include "plait/batch/caller/caller.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::FakeMethod;

namespace {

Attempt answer(int status, http::Headers headers = {}) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    return response;
}

Attempt body_of(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

Task<Attempt> after(Duration time, Attempt attempt) {
    co_await sleep_for(time);
    co_return attempt;
}

/// A third party that answers with what it is told, one after another, and then 200; each answer takes 10 ms.
class ThirdParty {
  public:
    explicit ThirdParty(std::deque<Attempt> script = {}) : script_(std::move(script)) {}

    FakeMethod::Answer answers() {
        return [this](http::Request request) {
            came.push_back(now());
            targets.emplace_back(request.url.target());
            Attempt attempt = batch_next();
            return after(10ms, std::move(attempt));
        };
    }

    std::vector<TimePoint> came;
    std::vector<std::string> targets;

  private:
    Attempt batch_next() {
        if (script_.empty()) return answer(200);
        Attempt next = std::move(script_.front());
        script_.pop_front();
        return next;
    }
    std::deque<Attempt> script_;
};

/// How many calls are at a server, and were at most.
struct Crowd {
    int now = 0;
    int most = 0;
};

Task<Attempt> visit(Crowd& crowd, Duration latency = 10ms) {
    crowd.most = std::max(crowd.most, ++crowd.now);
    co_await sleep_for(latency);
    --crowd.now;
    co_return answer(200);
}

class Dates final : public WallClock {
  public:
    WallTime now() const override { return WallTime(1'700'000'000s); }
};

/// Notes what a send log is told. It notes at once as long as it has marks.
class NotingLog final : public SendLog {
  public:
    explicit NotingLog(int marks_ = 0) : marks(marks_) {}

    bool try_record(std::uint64_t line) override {
        if (marks == 0) return false;
        --marks;
        told.push_back("mark " + std::to_string(line));
        return true;
    }
    Task<void> record(std::uint64_t line) override {
        told.push_back("send " + std::to_string(line));
        co_return;
    }
    void retract(std::uint64_t line) override { told.push_back("not sent " + std::to_string(line)); }

    int marks;
    std::vector<std::string> told;
};

/// A caller, with what it needs.
struct Bench {
    explicit Bench(FakeMethod::Answer answers, const CallerOptions& options = {}, std::size_t most = 1000)
        : method(std::move(answers), most), caller(options, CallerParts(method, random, dates)) {}
    Bench(FakeMethod::Answer answers, const CallerOptions& options, SendLog* sends, const Secrets* secrets = nullptr)
        : method(std::move(answers)), caller(options, parts(sends, secrets)) {}

    FakeMethod method;
    Random random{1};
    Dates dates;
    Caller caller;

  private:
    CallerParts parts(SendLog* sends, const Secrets* secrets) {
        CallerParts parts(method, random, dates);
        parts.sends = sends;
        parts.secrets = secrets;
        return parts;
    }
};

Call call_to(std::string url, std::string method = "GET", std::uint64_t line = 1) {
    return Call("id-" + std::to_string(line), line, http::Request(std::move(method), http::Url(url)));
}

Task<void> make(Caller& caller, Call call, std::vector<std::pair<std::uint64_t, MadeCall>>& made) {
    const std::uint64_t line = call.line;
    MadeCall one = co_await caller.make(call);
    made.emplace_back(line, std::move(one));
}
using Made = std::vector<std::pair<std::uint64_t, MadeCall>>;

std::string outcome_of(const MadeCall& made) {
    const auto* end = made.get();
    if (!end) return "postponed";
    std::string text(to_string(end->outcome));
    if (end->error) text += " " + std::string(to_string(end->error->code));
    return text;
}

std::vector<std::string> whys(const CallEnd& end) {
    std::vector<std::string> all;
    for (const AttemptNote& attempt : end.attempts) all.emplace_back(attempt.why);
    return all;
}

}  // namespace

ASYNC_TEST("an answer 500 is retried after a wait, and each attempt is in the notes") {
    ThirdParty server({answer(500), Failure(ErrorCode::reset, "reset", true)});
    Bench bench(server.answers());
    Call call = call_to("http://a.b/1");
    const MadeCall made = co_await bench.caller.make(call);
    const auto& end = *made;
    CHECK(end.outcome == Outcome::ok);
    REQUIRE(end.attempts.size() == 3);
    CHECK(end.attempts[0].status == 500);
    CHECK(end.attempts[0].total == 10ms);
    CHECK(end.attempts[1].error == ErrorCode::reset);
    CHECK(end.attempts[1].start == end.attempts[0].start + 10ms + *end.attempts[0].wait_after);
    CHECK(whys(end) == std::vector<std::string>{"back-off", "back-off", ""});
    CHECK(bench.caller.counts().retries == 2);
}

ASYNC_TEST("the attempts of a call are bounded, by its line before the run") {
    for (const auto& [of_line, expected] : {std::pair(std::optional<int>(), 5), std::pair(std::optional<int>(2), 2)}) {
        ThirdParty server(std::deque<Attempt>(9, answer(500)));
        Bench bench(server.answers());
        Call call = call_to("http://a.b/1");
        call.rules.max_attempts = of_line;
        const MadeCall made = co_await bench.caller.make(call);
        CHECK(outcome_of(made) == "rejected");
        CHECK(server.came.size() == static_cast<std::size_t>(expected));
        CHECK(call.attempts_begun == expected);
    }
}

ASYNC_TEST("an unsafe request is not sent again after it may have been executed") {
    for (const Attempt& first : {answer(500), Attempt(Failure(ErrorCode::timeout, "late", true))}) {
        ThirdParty server({first});
        Bench bench(server.answers());
        Call call = call_to("http://a.b/1", "POST");
        const MadeCall made = co_await bench.caller.make(call);
        CHECK(server.came.size() == 1);
        CHECK(made->outcome == (first.response() ? Outcome::rejected : Outcome::unknown));
    }
    ThirdParty server({Failure(ErrorCode::connect, "refused", false), answer(429, {{"Retry-After", "1"}})});
    Bench bench(server.answers());
    Call call = call_to("http://a.b/1", "POST");
    CHECK(outcome_of(co_await bench.caller.make(call)) == "ok");
    CHECK(server.came.size() == 3);
}

ASYNC_TEST("a request that met a stale connection goes again at once over a new one, beside its attempts") {
    ThirdParty server({Failure(ErrorCode::reset, "closed", true, true), answer(500),
                       Failure(ErrorCode::reset, "closed", true, true)});
    CallerOptions options;
    options.retry.max_attempts = 2;
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/1");
    const MadeCall made = co_await bench.caller.make(call);
    const auto& end = *made;
    CHECK(end.outcome == Outcome::ok);
    CHECK(whys(end) == std::vector<std::string>{"stale-connection", "back-off", "stale-connection", ""});
    REQUIRE(end.attempts.size() == 4);
    CHECK(end.attempts[0].wait_after == 0s);
    CHECK(end.attempts[1].start == end.attempts[0].start + 10ms);
    std::vector<bool> over_new;
    for (const http::Request& request : bench.method.requests) over_new.push_back(request.over_new_connection);
    CHECK(over_new == std::vector<bool>{false, true, false, true});
}

ASYNC_TEST("a request that must not be sent twice does not go again after it met a stale connection") {
    ThirdParty server({Failure(ErrorCode::reset, "closed", true, true)});
    Bench bench(server.answers());
    Call call = call_to("http://a.b/1", "POST");
    CHECK(outcome_of(co_await bench.caller.make(call)) == "unknown reset");
    CHECK(server.came.size() == 1);

    ThirdParty deaf({Failure(ErrorCode::reset, "closed", false, true)});  // surely nothing left
    Bench other(deaf.answers());
    Call not_sent = call_to("http://a.b/1", "POST");
    CHECK(outcome_of(co_await other.caller.make(not_sent)) == "ok");
    CHECK(deaf.came.size() == 2);
    CHECK(deaf.came[1] == deaf.came[0] + 10ms);
}

ASYNC_TEST("any request that an HTTP/2 server has not processed goes again at once, beside its attempts") {
    const Failure refused(ErrorCode::reset, "refused", false, false, true);
    ThirdParty server({refused, refused});
    CallerOptions options;
    options.retry.max_attempts = 1;
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/1", "POST");
    const MadeCall made = co_await bench.caller.make(call);
    const auto& end = *made;
    CHECK(end.outcome == Outcome::ok);
    CHECK(whys(end) == std::vector<std::string>{"refused-unprocessed", "refused-unprocessed", ""});
    CHECK(server.came[2] == server.came[0] + 20ms);
}

ASYNC_TEST("a server that refuses every time has failed") {
    ThirdParty server(std::deque<Attempt>(100, Failure(ErrorCode::reset, "refused", false, false, true)));
    CallerOptions options;
    options.retry.max_attempts = 1;
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/1", "POST");
    CHECK(outcome_of(co_await bench.caller.make(call)) == "failed reset");
    CHECK(server.came.size() == 17);
}

ASYNC_TEST("an hour of refusals uses up no attempt") {
    std::deque<Attempt> script(60, answer(429, {{"Retry-After", "60"}}));
    ThirdParty server(std::move(script));
    CallerOptions options;
    options.deadline = 3h;
    options.retry.max_attempts = 1;
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/1", "POST");
    const TimePoint begin = now();
    const MadeCall made = co_await bench.caller.make(call);
    CHECK(outcome_of(made) == "ok");
    CHECK(made->attempts.size() == 61);
    CHECK(made->attempts.front().why == "retry-after");
    CHECK(now() - begin >= 1h);
    CHECK(now() - begin < 80min);
    CHECK(bench.caller.counts().refusals == 60);
}

ASYNC_TEST("a refusal slows all calls of its group, and those of no other") {
    ThirdParty server({answer(429, {{"Retry-After", "100"}})});
    Bench bench(server.answers());
    Made made;
    TaskGroup calls;
    calls.start(make(bench.caller, call_to("http://a.b/first", "GET", 1), made));
    co_await sleep_for(1s);
    const TimePoint begin = now();
    calls.start(make(bench.caller, call_to("http://a.b/same", "GET", 2), made));
    calls.start(make(bench.caller, call_to("http://c.d/other", "GET", 3), made));
    co_await calls.join();
    REQUIRE(made.size() == 3);
    CHECK(made.front().first == 3);
    CHECK(server.targets[1] == "/other");
    CHECK(server.came[1] == begin);
    CHECK(server.came[2] - begin >= 98s);
}

ASYNC_TEST("a group that waits for its pace keeps no place from another") {
    CallerOptions options;
    options.concurrency = 1;
    options.limits = {policy::RateLimit("requests", 1, 1h)};
    ThirdParty server;
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 3; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    const TimePoint begin = now();
    co_await testing::others_wait();
    calls.start(make(bench.caller, call_to("http://c.d/", "GET", 4), made));
    co_await calls.join();
    CHECK(made[1].first == 4);
    CHECK(now() - begin >= 2h);
}

ASYNC_TEST("the highest priority is sent first, and a retry before calls that have not begun") {
    CallerOptions options;
    options.limits = {policy::RateLimit("requests", 1, 1s)};
    options.retry.first_delay = 1ms;
    ThirdParty server({answer(500)});
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 4; ++line) {
        Call call = call_to("http://a.b/" + std::to_string(line), "GET", line);
        if (line == 4) call.rules.priority = 1;
        calls.start(make(bench.caller, std::move(call), made));
        co_await testing::others_wait();  // so that they come in this order also where ready tasks are shuffled
    }
    co_await calls.join();
    CHECK(server.targets == std::vector<std::string>{"/1", "/4", "/1", "/2", "/3"});
}

ASYNC_TEST("a deadline ends a call between attempts and within one, and counts from the first send") {
    CallerOptions options;
    options.deadline = 30s;
    options.retry.max_attempts = 1000;
    ThirdParty failing(std::deque<Attempt>(1000, answer(503)));
    Bench bench(failing.answers(), options);
    Call call = call_to("http://a.b/");
    const TimePoint begin = now();
    MadeCall made = co_await bench.caller.make(call);
    CHECK(outcome_of(made) == "rejected deadline");
    CHECK(made->response->status == 503);
    CHECK(now() - begin <= 30s);

    Bench stalling([](http::Request) { return after(1h, answer(200)); }, options);
    for (const std::string method : {"GET", "POST"}) {
        Call late = call_to("http://a.b/", method);
        late.rules.deadline = 5s;
        const TimePoint start = now();
        made = co_await stalling.caller.make(late);
        CHECK(outcome_of(made) == (method == "GET" ? "failed deadline" : "unknown deadline"));
        CHECK(now() - start == 5s);
    }
}

ASYNC_TEST("a call that waits long for its turn has its whole deadline then") {
    CallerOptions options;
    options.deadline = 1s;
    options.limits = {policy::RateLimit("requests", 1, 1min)};
    ThirdParty server;
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 3; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    for (const auto& [line, one] : made) CHECK(outcome_of(one) == "ok");
}

ASYNC_TEST("being asked to wait for too long parks the group: its calls are postponed, or say so") {
    for (const bool is_resumable : {true, false}) {
        CallerOptions options;
        options.is_resumable = is_resumable;
        ThirdParty server({answer(429, {{"Retry-After", "7200"}})});
        Bench bench(server.answers(), options);
        Call first = call_to("http://a.b/1");
        const std::string refused = outcome_of(co_await bench.caller.make(first));
        CHECK(refused == (is_resumable ? "postponed" : "rejected rate_limited"));
        Call second = call_to("http://a.b/2");
        const std::string parked = outcome_of(co_await bench.caller.make(second));
        CHECK(parked == (is_resumable ? "postponed" : "skipped rate_limited"));
        REQUIRE(bench.caller.parked());
        CHECK(bench.caller.parked()->learnt_from == "retry-after");
        Call other = call_to("http://c.d/");
        CHECK(outcome_of(co_await bench.caller.make(other)) == "ok");
        CHECK(server.came.size() == 2);
    }
}

ASYNC_TEST("a server that can't be reached is left alone until a probe reaches it") {
    std::deque<Attempt> script(20, Failure(ErrorCode::connect, "refused", false));
    ThirdParty server(std::move(script));
    CallerOptions options;
    options.retry.max_attempts = 1;
    Bench bench(server.answers(), options);
    Made made;
    for (std::uint64_t line = 1; line <= 20; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    const TimePoint begin = now();
    CHECK(bench.caller.groups({now(), bench.dates.now()}).front().circuit_open_since);
    Call probe = call_to("http://a.b/");
    CHECK(outcome_of(co_await bench.caller.make(probe)) == "ok");
    CHECK(now() - begin >= 4s);
    CHECK_FALSE(bench.caller.groups({now(), bench.dates.now()}).front().circuit_open_since);
}

ASYNC_TEST("calls that wait for a place while their server turns out to be unreachable are held back, and no others") {
    const auto reply = [](http::Request request) {
        const bool is_there = request.url.host() == "c.d";
        return after(10ms, is_there ? answer(200) : Failure(ErrorCode::connect, "refused", false));
    };
    CallerOptions options;
    options.retry.max_attempts = 1;
    options.retry.max_wait = 1s;
    options.concurrency = 1;
    options.is_resumable = true;
    Bench bench(reply, options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 40; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    calls.start(make(bench.caller, call_to("http://c.d/", "GET", 41), made));
    co_await calls.join();
    CHECK(bench.method.requests.size() == 21);
    CHECK(std::count_if(made.begin(), made.end(),
                        [](const auto& one) { return outcome_of(one.second) == "postponed"; }) == 20);
    CHECK(bench.caller.parked()->limit == "http://a.b: can't be reached");
}

ASYNC_TEST("each origin has no more calls in flight than it may have, also of several groups") {
    for (const bool is_adaptive : {false, true}) {
        std::map<std::string, Crowd> crowds;
        const auto reply = [&](http::Request request) { return visit(crowds[std::string(request.url.host())]); };
        CallerOptions options;
        options.concurrency_per_origin = 2;
        options.adaptive_concurrency = is_adaptive;
        Bench bench(reply, options);
        Made made;
        TaskGroup calls;
        for (std::uint64_t line = 1; line <= 20; ++line) {
            Call call = call_to(line % 2 ? "http://a.b/" : "http://c.d/", "GET", line);
            if (line > 10) call.rules.group = "all";
            calls.start(make(bench.caller, std::move(call), made));
        }
        const TimePoint begin = now();
        co_await calls.join();
        CHECK(made.size() == 20);
        CHECK(crowds["a.b"].most == 2);
        CHECK(crowds["c.d"].most == 2);
        CHECK(now() - begin == 50ms);  // 10 calls to each, two at a time
        CHECK(bench.caller.groups({now(), bench.dates.now()}).size() == 3);
    }
}

ASYNC_TEST("without good answers, the retry budget decides how many calls are retried") {
    const auto options_with = [](const policy::RetryBudgetOptions& budget) {
        CallerOptions options;
        options.retry.max_attempts = 2;
        options.retry_budget = budget;
        return options;
    };
    const auto failing = [](http::Request) { return after(10ms, answer(500)); };
    policy::RetryBudgetOptions half;
    half.share = 0.5;
    policy::RetryBudgetOptions none;
    none.share = 0;
    policy::RetryBudgetOptions any;
    any.least = 1'000'000;
    for (const auto& [budget, retries] : {std::pair(policy::RetryBudgetOptions(), 4u), std::pair(half, 10u),
                                          std::pair(none, 3u), std::pair(any, 20u)}) {
        Bench bench(failing, options_with(budget));
        Made made;
        TaskGroup calls;
        for (std::uint64_t line = 1; line <= 20; ++line)
            calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
        co_await calls.join();
        CHECK(bench.method.requests.size() == 20 + retries);
    }
}

ASYNC_TEST("a program decides which attempts are worth another one, and is not asked of redirects") {
    ThirdParty server({answer(404), answer(302, {{"Location", "/there"}}), answer(404), answer(500), answer(404)});
    FakeMethod method(server.answers());
    Random random{1};
    Dates dates;
    CallerParts parts(method, random, dates);
    std::vector<std::string> asked;
    parts.wants_retry = [&asked](const EndedAttempt& ended) -> std::optional<bool> {
        const int status = ended.attempt.response()->status;
        asked.push_back(std::to_string(ended.number) + ". " + std::string(ended.request.url.target()) + " " +
                        std::to_string(status));
        if (status == 404) return true;
        if (status == 500) return std::nullopt;
        return false;
    };
    Caller caller(CallerOptions(), std::move(parts));
    Call call = call_to("http://a.b/");
    const MadeCall made = co_await caller.make(call);
    CHECK(outcome_of(made) == "ok");
    CHECK(asked ==
          std::vector<std::string>{"1. / 404", "2. /there 404", "3. /there 500", "4. /there 404", "5. /there 200"});
    Call once = call_to("http://a.b/");
    once.rules.may_repeat = false;
    co_await caller.make(once);
    CHECK(asked.size() == 5);
}

ASYNC_TEST("a program that fails to decide ends the call with its error, and the answer is kept") {
    ThirdParty server;
    FakeMethod method(server.answers());
    Random random{1};
    Dates dates;
    CallerParts parts(method, random, dates);
    parts.wants_retry = [](const EndedAttempt& ended) -> std::optional<bool> {
        Failure failure(ErrorCode::bad_input, "the program has failed", true);
        failure.is_permanent = true;
        failure.partial = std::make_shared<http::Response>(std::move(*ended.attempt.response()));
        ended.attempt = std::move(failure);
        return std::nullopt;
    };
    Caller caller(CallerOptions(), std::move(parts));
    Call call = call_to("http://a.b/");
    const MadeCall made = co_await caller.make(call);
    CHECK(outcome_of(made) == "rejected bad_input");
    CHECK(made->response->status == 200);
    CHECK(server.came.size() == 1);
}

ASYNC_TEST("a group that is asked to wait takes no slot of its origin from other groups") {
    CallerOptions options;
    options.concurrency_per_origin = 2;
    const TimePoint rested = now() + 30s;
    const auto reply = [rested](http::Request request) {
        const bool is_refused = request.url.target() == "/tired" && now() < rested;
        return after(10ms, is_refused ? answer(429, {{"Retry-After", "60"}}) : answer(200));
    };
    Bench bench(reply, options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 10; ++line) {
        Call call = call_to("http://a.b/tired", "GET", line);
        call.rules.group = "tired";
        calls.start(make(bench.caller, std::move(call), made));
    }
    co_await sleep_for(1s);
    const TimePoint begin = now();
    Call other = call_to("http://a.b/awake", "GET", 11);
    other.rules.group = "awake";
    co_await make(bench.caller, std::move(other), made);
    CHECK(now() - begin == 10ms);
    co_await calls.join();
    CHECK(made.size() == 11);
}

/// Makes calls one after another.
Task<void> make_many(Caller& caller, std::uint64_t count) {
    for (std::uint64_t line = 1; line <= count; ++line) {
        Call call = call_to("http://a.b/", "GET", line);
        call.rules.group = "fast";
        call.rules.costs.set("tokens", 0);
        co_await caller.make(call);
    }
}

ASYNC_TEST("a slow group gets its turns at an origin that another one keeps full") {
    CallerOptions options;
    options.concurrency_per_origin = 2;
    options.limits = {policy::parse_rate_limit("tokens=1/s")};
    Crowd crowd;
    Bench bench([&](http::Request) { return visit(crowd); }, options);
    const TimePoint begin = now();
    TaskGroup fast, slow;
    for (int n = 0; n < 20; ++n) fast.start(make_many(bench.caller, 100));
    co_await sleep_for(1s);
    Made made;
    for (std::uint64_t line = 1; line <= 5; ++line) {
        Call call = call_to("http://a.b/", "GET", line);
        call.rules.group = "slow";
        call.rules.costs.set("tokens", 1);
        slow.start(make(bench.caller, std::move(call), made));
    }
    co_await slow.join();
    CHECK(now() - begin < 6s);  // one a second, however full it is
    co_await fast.join();
    CHECK(crowd.most == 2);
    CHECK(now() - begin < 10'100ms);
}

ASYNC_TEST("a call whose end stops the run lets no other go") {
    CallerOptions options;
    options.concurrency = 1;
    options.is_resumable = true;
    options.rules.stop_rules = {policy::parse_stop_if("rejected>1")};
    ThirdParty server(std::deque<Attempt>(9, answer(404)));
    Bench bench(server.answers(), options);
    const auto make_until_stopped = [](Caller& caller, std::uint64_t line) -> Task<void> {
        Call call = call_to("http://a.b/", "GET", line);
        co_await caller.make(call);
        if (caller.stop_reason()) caller.stop();
    };
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 5; ++line) calls.start(make_until_stopped(bench.caller, line));
    co_await calls.join();
    CHECK(server.came.size() == 2);
}

ASYNC_TEST("a group that stands still after failures says why") {
    const auto why_after = [](std::deque<Attempt> script, std::uint64_t count) -> Task<std::string> {
        ThirdParty server(std::move(script));
        CallerOptions options;
        options.is_resumable = true;
        Bench bench(server.answers(), options);
        Made made;
        TaskGroup calls;
        for (std::uint64_t line = 1; line <= count; ++line)
            calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
        co_await sleep_for(count > 1 ? 20s : 11ms);
        const GroupReport group = bench.caller.groups({now(), bench.dates.now()}).front();
        bench.caller.give_up();
        co_await calls.join();
        CHECK(group.in_flight == 0);
        CHECK(group.waiting == count);
        co_return group.waits_for ? group.waits_for->limit + " " + group.waits_for->learnt_from : "nothing";
    };
    std::deque<Attempt> failure(1, answer(500));
    const std::string failed = co_await why_after(std::move(failure), 1);
    CHECK(failed == "backs off after failures ");
    std::deque<Attempt> refusal(1, answer(429, {{"Retry-After", "9"}}));
    const std::string refused = co_await why_after(std::move(refusal), 1);
    CHECK(refused == "asked to wait retry-after");
    std::deque<Attempt> failures(99, answer(500));
    const std::string held_back = co_await why_after(std::move(failures), 10);
    CHECK(held_back == "retries wait for good answers ");
}

ASYNC_TEST("the concurrency finds itself from a hundred up, and a fixed one is kept") {
    for (const bool finds : {true, false}) {
        CallerOptions options;
        options.adaptive_concurrency = finds;
        options.concurrency = finds ? 1000 : 20;
        Bench bench([](http::Request) { return after(10s, answer(200)); }, options);
        Made made;
        TaskGroup calls;
        for (std::uint64_t line = 1; line <= 100; ++line)
            calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
        co_await sleep_for(2s);  // to an unknown server few leave at first
        CHECK(bench.caller.in_flight() == (finds ? 100 : 20));
        co_await calls.join();
        CHECK(made.size() == 100);
    }
}

ASYNC_TEST("the room is the number of free slots, or less if the only group takes less") {
    CallerOptions options;
    options.adaptive_concurrency = true;
    options.concurrency = 200;
    Bench bench([](http::Request) { return after(10s, answer(200)); }, options);
    CHECK(bench.caller.room() == 200);
    Made made;
    TaskGroup calls;
    const auto start = [&](int count, const char* url) {
        while (count-- > 0) calls.start(make(bench.caller, call_to(url), made));
        return sleep_for(2s);  // to an unknown server few leave at first
    };
    co_await start(3, "http://a.b/");
    CHECK(bench.caller.room() == 100 - 3);
    co_await start(101, "http://a.b/");
    CHECK(bench.caller.room() == 0);
    co_await start(1, "http://c.d/");
    CHECK(bench.caller.room() == 200 - 100 - 1);
    co_await calls.join();
    CHECK(bench.caller.room() == 200);
}

ASYNC_TEST("stop postpones unsent calls and lets attempts in flight end, and give_up ends those, too") {
    CallerOptions options;
    options.concurrency = 1;
    options.is_resumable = true;
    Bench bench([](http::Request) { return after(1h, answer(200)); }, options);
    Made made;
    TaskGroup calls;
    calls.start(make(bench.caller, call_to("http://a.b/", "GET", 1), made));
    co_await testing::others_wait();
    calls.start(make(bench.caller, call_to("http://a.b/", "GET", 2), made));
    co_await sleep_for(1s);
    bench.caller.stop();
    co_await sleep_for(1s);
    REQUIRE(made.size() == 1);
    CHECK(made[0].first == 2);
    CHECK(outcome_of(made[0].second) == "postponed");
    bench.caller.give_up();
    co_await calls.join();
    CHECK(outcome_of(made[1].second) == "postponed");

    Call after_it = call_to("http://a.b/", "GET", 3);
    CHECK(outcome_of(co_await bench.caller.make(after_it)) == "postponed");
}

ASYNC_TEST("a call that was given up and may have been executed is unknown, not postponed") {
    CallerOptions options;
    options.is_resumable = true;
    Bench bench([](http::Request) { return after(1h, answer(200)); }, options);
    Made made;
    TaskGroup calls;
    calls.start(make(bench.caller, call_to("http://a.b/", "POST"), made));
    co_await sleep_for(1s);
    bench.caller.give_up();
    co_await calls.join();
    CHECK(outcome_of(made[0].second) == "unknown cancelled");
}

ASYNC_TEST("a call that is stopped between two attempts is postponed when nothing was done") {
    CallerOptions options;
    options.is_resumable = true;
    ThirdParty server({Failure(ErrorCode::connect, "refused", false)});
    NotingLog log;
    options.retry.first_delay = 1h;
    options.retry.longest_delay = 1h;
    Bench bench(server.answers(), options, &log);
    Made made;
    TaskGroup calls;
    calls.start(make(bench.caller, call_to("http://a.b/", "POST", 7), made));
    co_await sleep_for(1s);
    bench.caller.stop();
    co_await calls.join();
    CHECK(outcome_of(made[0].second) == "postponed");
    CHECK(log.told == std::vector<std::string>{"send 7", "not sent 7"});
}

ASYNC_TEST("the send log records each send of an unsafe request, and no other") {
    NotingLog log;
    ThirdParty server({answer(429, {{"Retry-After", "1"}}), answer(200), answer(200)});
    Bench bench(server.answers(), CallerOptions(), &log);
    Call post = call_to("http://a.b/", "POST", 3);
    co_await bench.caller.make(post);
    Call get = call_to("http://a.b/", "GET", 4);
    co_await bench.caller.make(get);
    Call keyed = call_to("http://a.b/", "POST", 5);
    keyed.rules.safe_to_repeat = true;
    co_await bench.caller.make(keyed);
    CHECK(log.told == std::vector<std::string>{"send 3", "not sent 3", "send 3"});
}

ASYNC_TEST("a request waits for the send log only if the log can't record it at once") {
    NotingLog log(2);
    ThirdParty server({answer(429, {{"Retry-After", "1"}})});
    Bench bench(server.answers(), CallerOptions(), &log);
    Call post = call_to("http://a.b/", "POST", 3);
    CHECK(outcome_of(co_await bench.caller.make(post)) == "ok");
    CHECK(log.told == std::vector<std::string>{"mark 3", "not sent 3", "mark 3"});
    Call next = call_to("http://a.b/", "POST", 4);
    CHECK(outcome_of(co_await bench.caller.make(next)) == "ok");
    CHECK(log.told.back() == "send 4");
    log.marks = 1;
    bench.caller.stop();
    Call late = call_to("http://a.b/", "POST", 5);
    co_await bench.caller.make(late);
    CHECK(log.told.back() == "not sent 5");
    CHECK(log.marks == 1);
    CHECK(server.came.size() == 3);
}

namespace {

Failure overdue() {
    Failure failure(ErrorCode::worker_died, "not sent: too late", false);
    failure.is_overdue = true;
    return failure;
}

}  // namespace

ASYNC_TEST("a request that came too late for its permit takes another one, and that was no attempt") {
    CallerOptions options;
    options.limits = {policy::RateLimit("requests", 1, 1min)};
    options.rules.budgets = {policy::Budget("requests", 1)};
    options.retry.max_attempts = 1;
    ThirdParty server(std::deque<Attempt>(20, overdue()));
    NotingLog log;
    Bench bench(server.answers(), options, &log);
    Call call = call_to("http://a.b/", "POST");
    const TimePoint start = now();
    const MadeCall made = co_await bench.caller.make(call);
    CHECK(outcome_of(made) == "ok");
    REQUIRE(made->attempts.size() == 1);
    CHECK(made->attempts[0].start == start + 200ms);
    CHECK(bench.caller.counts().retries == 0);
    CHECK(log.told.size() == 2 * 20 + 1);
    CHECK(log.told[39] == "not sent 1");
    CHECK(log.told[40] == "send 1");
}

namespace {

/// Workers on other machines. A request leaves when it has reached one, unless that took longer than `jitter`.
struct Elsewhere {
    Random random{1};
    Duration jitter{};
    std::vector<TimePoint> departures;
    int late = 0;

    /// Mostly short; three in a hundred take up to a tenth of a second.
    Duration way() {
        const auto up_to = [this](double most) { return Duration(static_cast<Duration::rep>(draw(random) * most)); };
        return draw(random) < 0.03 ? up_to(1e8) : up_to(2e6);
    }
};

Task<Attempt> send_from(Elsewhere& elsewhere) {
    const Duration way = elsewhere.way();
    co_await sleep_for(way);
    if (way > elsewhere.jitter) {
        ++elsewhere.late;
        co_return overdue();
    }
    elsewhere.departures.push_back(now());
    co_return answer(200);
}

std::ptrdiff_t most_in_a_second(const std::vector<TimePoint>& times) {
    std::ptrdiff_t most = 0;
    auto first = times.begin();
    for (auto last = first; last != times.end(); ++last) {
        while (*first <= *last - 1s) ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

}  // namespace

ASYNC_TEST("where calls leave elsewhere, their limit is exact there, and more than 95 % of it are used") {
    Elsewhere elsewhere;
    elsewhere.jitter = 20ms;
    CallerOptions options;
    options.limits = {policy::RateLimit("requests", 100, 1s)};
    options.departure_jitter = elsewhere.jitter;
    Bench bench([&elsewhere](http::Request) { return send_from(elsewhere); }, options);
    Made made;
    std::uint64_t line = 0;
    for (const auto& [calls, pause] :
         {std::pair(130, 1000ms), std::pair(70, 500ms), std::pair(130, 2000ms), std::pair(1000, 0ms)}) {
        TaskGroup burst;
        for (int n = 0; n < calls; ++n) burst.start(make(bench.caller, call_to("http://a.b/", "POST", ++line), made));
        co_await burst.join();
        co_await sleep_for(pause);
    }
    CHECK(elsewhere.late > 10);
    CHECK(elsewhere.departures.size() == line);
    CHECK(most_in_a_second(elsewhere.departures) <= 100);
    const Duration last_thousand = elsewhere.departures.back() - *(elsewhere.departures.end() - 1000);
    CHECK(last_thousand < 9.99s / 0.955);
    for (const auto& [number, one] : made) CHECK(one->attempts.size() == 1);
}

ASYNC_TEST("a call that costs more than a whole budget or a whole limit is not sent") {
    CallerOptions options;
    options.rules.budgets = {policy::Budget("usd", 5)};
    options.limits = {policy::RateLimit("tokens", 100, 1min)};
    ThirdParty server;
    Bench bench(server.answers(), options);
    Call dear = call_to("http://a.b/");
    dear.rules.costs.set("usd", 6);
    CHECK(outcome_of(co_await bench.caller.make(dear)) == "skipped budget");
    Call large = call_to("http://a.b/");
    large.rules.costs.set("tokens", 101);
    CHECK(outcome_of(co_await bench.caller.make(large)) == "skipped bad_input");
    CHECK(server.came.empty());
    Call fits = call_to("http://a.b/");
    fits.rules.costs.set("usd", 5);
    CHECK(outcome_of(co_await bench.caller.make(fits)) == "ok");
    CHECK_FALSE(bench.caller.stop_reason());
}

ASYNC_TEST("a budget counts the costs that answers report") {
    CallerOptions options;
    options.is_resumable = true;
    options.rules.budgets = {policy::Budget("tokens", 100)};
    options.cost_from = CostSource("tokens", "/usage/total");
    const auto reply = [](http::Request) {
        http::Response response;
        response.status = 200;
        response.body = R"({"usage":{"total":10}})";
        return after(10ms, response);
    };
    Bench bench(reply, options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 20; ++line) {
        Call call = call_to("http://a.b/", "GET", line);
        call.rules.costs.set("tokens", 40);
        calls.start(make(bench.caller, std::move(call), made));
    }
    co_await calls.join();
    const auto done = std::count_if(made.begin(), made.end(), [](const auto& one) { return one.second.has_value(); });
    CHECK(done == 7);  // 70 are spent, and an eighth may cost 40
    CHECK(bench.caller.stop_reason() == "the budget of 100 tokens is used up");
}

ASYNC_TEST("a budget of requests counts no call that waits for the first ones or was not done") {
    CallerOptions options;
    options.is_resumable = true;
    options.rules.canary = 1;
    options.rules.budgets = {policy::Budget("requests", 5)};
    options.retry.max_attempts = 1;
    ThirdParty server({answer(200), Failure(ErrorCode::connect, "refused", false)});
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 5; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    CHECK(server.came.size() == 5);
    Call sixth = call_to("http://a.b/", "GET", 6);
    CHECK(outcome_of(co_await bench.caller.make(sixth)) == "ok");
    Call seventh = call_to("http://a.b/", "GET", 7);
    CHECK(outcome_of(co_await bench.caller.make(seventh)) == "postponed");
}

ASYNC_TEST("attempts to reach a server have the pace of its circuit, so that one that is gone is parked in time") {
    CallerOptions options;
    options.is_resumable = true;
    options.retry.max_wait = 1min;
    Bench bench([](http::Request) { return after(1ms, Failure(ErrorCode::connect, "refused", false)); }, options);
    Made made;
    TaskGroup calls;
    const TimePoint begin = now();
    for (std::uint64_t line = 1; line <= 60; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    CHECK(now() - begin < 2min);
    REQUIRE(bench.caller.parked());
    CHECK(bench.caller.parked()->limit == "http://a.b: can't be reached");
    CHECK(made.size() == 60);
    for (const auto& [line, one] : made) CHECK(outcome_of(one) == "postponed");
}

ASYNC_TEST("the note of an attempt has the real wait and its reason") {
    std::deque<Attempt> failures(5, answer(500));
    failures.push_back(answer(429));
    ThirdParty server(failures);
    Bench bench(server.answers());
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 6; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    std::map<std::string, int> whys;
    for (const auto& [line, one] : made) {
        const std::vector<AttemptNote>& attempts = one->attempts;
        REQUIRE(attempts.size() == 2);
        CHECK(attempts[1].start == attempts[0].start + attempts[0].total + *attempts[0].wait_after);
        ++whys[std::string(attempts[0].why)];
    }
    // The refusal held up all for a second, and drew a shorter wait.
    CHECK(whys["turn"] >= 1);
}

ASYNC_TEST("a retry that a server without good answers has no room for ends its call as it stands") {
    ThirdParty server(std::deque<Attempt>(99, answer(500)));
    CallerOptions options;
    options.is_resumable = true;
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    const TimePoint begin = now();
    for (std::uint64_t line = 1; line <= 10; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    CHECK(now() - begin < 30s);
    CHECK(server.came.size() == 14);
    CHECK(bench.caller.counts().retries == 4);
    for (const auto& [line, one] : made) {
        CHECK(outcome_of(one) == "rejected");
        const CallEnd& end = *one;
        CHECK(end.response->status == 500);
        CHECK(end.attempts.back().why == "retry-share");
        CHECK(*end.attempts.back().wait_after >= 20s);
    }
}

ASYNC_TEST("a refusal in any status is waited for, and uses up no attempt") {
    const std::vector<Attempt> refusals{answer(403, {{"Retry-After", "2"}}),
                                        answer(529, {{"Retry-After", "2"}}),
                                        answer(403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "2"}}),
                                        body_of(400, R"({"__type":"ThrottlingException"})"),
                                        body_of(403, R"({"error":{"errors":[{"reason":"rateLimitExceeded"}]}})"),
                                        body_of(200, R"({"errors":[{"extensions":{"code":"THROTTLED"}}]})")};
    for (const Attempt& refusal : refusals) {
        for (const char* method : {"GET", "POST"}) {
            CallerOptions options;
            options.retry.max_attempts = 1;
            ThirdParty server({refusal, refusal});
            Bench bench(server.answers(), options);
            Made made;
            co_await make(bench.caller, call_to("http://a.b/", method, 1), made);
            CHECK(outcome_of(made.front().second) == "ok");
            CHECK(server.came.size() == 3);
            CHECK(bench.caller.counts().refusals == 2);
        }
    }
}

ASYNC_TEST("a refusal that the line or the run names is one, and the line's rule stands instead of the run's") {
    CallerOptions options;
    options.refusals.push_back(std::make_shared<const Expectation>(Expectation::parse_refusal(R"({"status":403})")));
    ThirdParty server({answer(403), answer(409), answer(403)});
    Bench bench(server.answers(), options);
    Made made;
    co_await make(bench.caller, call_to("http://a.b/", "POST", 1), made);
    CHECK(outcome_of(made.front().second) == "rejected");  // by 409: nobody named that
    CHECK(server.came.size() == 2);
    Call call = call_to("http://a.b/", "POST", 2);
    call.rules.refusal = std::make_shared<const Expectation>(Expectation::parse_refusal(R"({"status":409})"));
    co_await make(bench.caller, std::move(call), made);
    CHECK(outcome_of(made.back().second) == "rejected");
    CHECK(server.came.size() == 3);
}

ASYNC_TEST("a refusal of the account ends its call and stops the run") {
    CallerOptions options;
    options.is_resumable = true;
    ThirdParty server({body_of(429, R"({"error":{"message":"Pay first.","code":"insufficient_quota"}})")});
    Bench bench(server.answers(), options);
    Made made;
    const TimePoint begin = now();
    co_await make(bench.caller, call_to("http://a.b/", "POST", 1), made);
    CHECK(now() - begin < 1s);
    CHECK(outcome_of(made.front().second) == "rejected rate_limited");
    REQUIRE(bench.caller.stop_reason());
    CHECK(*bench.caller.stop_reason() == "http://a.b refuses the account (429): insufficient_quota: Pay first.");
}

ASYNC_TEST("a call whose next attempt would come too late says so") {
    CallerOptions options;
    options.deadline = 5s;
    ThirdParty server({answer(429, {{"Retry-After", "62"}}), answer(500), answer(500)});
    Bench bench(server.answers(), options);
    Call refused = call_to("http://a.b/");
    const MadeCall made = co_await bench.caller.make(refused);
    CHECK(made->error->message ==
          "still refused (429): there is no time for another attempt before its deadline of 5 s, and it was "
          "asked to wait 62 s (retry-after)");
}

ASYNC_TEST("each attempt counts for a budget, unless surely nothing was done") {
    CallerOptions options;
    options.rules.budgets = {policy::Budget("usd", 100)};
    options.cost_from = CostSource("usd", "/cost");
    Attempt dear = answer(500);
    dear.response()->body = R"({"cost":7})";
    ThirdParty server({dear, answer(429, {{"Retry-After", "1"}}), answer(500), answer(200)});
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/");
    call.rules.costs.set("usd", 2);
    CHECK(outcome_of(co_await bench.caller.make(call)) == "ok");
    CHECK(server.came.size() == 4);
    CHECK(bench.caller.rules().spent().get("usd") == 7 + 0 + 2 + 2);
}

ASYNC_TEST("a repeat that a budget has no room for is not sent, and the run is to stop") {
    CallerOptions options;
    options.is_resumable = true;
    options.rules.budgets = {policy::Budget("usd", 5)};
    ThirdParty server({answer(500)});
    Bench bench(server.answers(), options);
    Call call = call_to("http://a.b/");
    call.rules.costs.set("usd", 3);
    CHECK(outcome_of(co_await bench.caller.make(call)) == "postponed");
    CHECK(server.came.size() == 1);
    CHECK(bench.caller.stop_reason() == "the budget of 5 usd is used up");
    CHECK(bench.caller.rules().spent().get("usd") == 3);
}

ASYNC_TEST("an attempt that was given up counts at the cost of its line") {
    CallerOptions options;
    options.deadline = 1s;
    options.rules.budgets = {policy::Budget("usd", 5)};
    Bench bench([](http::Request) { return after(1h, answer(200)); }, options);
    Call call = call_to("http://a.b/");
    call.rules.costs.set("usd", 3);
    CHECK(outcome_of(co_await bench.caller.make(call)) == "failed deadline");
    CHECK(bench.caller.rules().spent().get("usd") == 3);
}

ASYNC_TEST("when one of the first calls meets a wrong key the others are not sent") {
    CallerOptions options;
    options.rules.canary = 2;
    options.is_resumable = true;
    ThirdParty server({answer(200), answer(401)});
    Bench bench(server.answers(), options);
    Made made;
    TaskGroup calls;
    for (std::uint64_t line = 1; line <= 10; ++line)
        calls.start(make(bench.caller, call_to("http://a.b/", "GET", line), made));
    co_await calls.join();
    CHECK(server.came.size() == 2);
    CHECK(bench.caller.stop_reason() ==
          "one of the first 2 calls failed, and the others would too: status 401, so the key or its rights are wrong");
}

ASYNC_TEST("a slow call is sent a second time, and the first answer wins") {
    CallerOptions options;
    options.hedge.emplace();
    options.rules.budgets = {policy::Budget("requests", 1000)};
    bool is_slow = false;
    int came = 0;
    const auto reply = [&](http::Request) {
        return after(std::exchange(is_slow, false) ? 10s : 100ms + ++came % 50 * 1ms, answer(200));
    };
    Bench bench(reply, options);
    Made made;
    for (std::uint64_t line = 1; line <= 100; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    const std::uint64_t won_before = bench.caller.counts().copies_won;
    is_slow = true;
    co_await make(bench.caller, call_to("http://a.b/", "GET", 101), made);
    const AttemptNote& slow = made.back().second->attempts.at(0);
    CHECK(slow.copies == 2);
    CHECK(slow.second_won);
    CHECK(slow.total < 1s);
    CHECK(bench.caller.rules().spent().get("requests") == 101 + static_cast<double>(bench.caller.counts().copies));
    CHECK(bench.caller.counts().copies_won == won_before + 1);
}

ASYNC_TEST("a call that fails while its copy has no room to be sent ends as it failed") {
    CallerOptions options;
    options.hedge.emplace();
    options.retry.max_attempts = options.retry.max_attempts_while_helpful = 1;
    options.rules.budgets = {policy::Budget("requests", 101)};
    bool fails = false;
    Duration latency = 1s;  // ever shorter, so that no call looks slow
    const auto reply = [&](http::Request) {
        latency -= 1ms;
        return fails ? after(10s, Failure(ErrorCode::reset, "the connection ended", true))
                     : after(latency, answer(200));
    };
    Bench bench(reply, options);
    Made made;
    for (std::uint64_t line = 1; line <= 100; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    fails = true;
    const TimePoint begin = now();
    co_await make(bench.caller, call_to("http://a.b/", "GET", 101), made);
    CHECK(outcome_of(made.back().second) == "failed reset");
    CHECK(now() - begin == 10s);
    CHECK(made.back().second->attempts.at(0).copies == 1);
    CHECK(bench.caller.counts().copies == 0);
}

ASYNC_TEST("a second copy needs a slot of its origin") {
    CallerOptions options;
    options.hedge.emplace();
    options.concurrency_per_origin = 1;
    Crowd crowd;
    Duration latency = 1s;
    const auto reply = [&](http::Request) { return visit(crowd, latency -= 1ms); };
    Bench bench(reply, options);
    Made made;
    for (std::uint64_t line = 1; line <= 100; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    latency = 10s;
    co_await make(bench.caller, call_to("http://a.b/", "GET", 101), made);
    CHECK(crowd.most == 1);
    CHECK(bench.caller.counts().copies == 0);
}

ASYNC_TEST("where one call is made at a time none is sent a second time") {
    CallerOptions options;
    options.hedge.emplace();
    options.concurrency = 1;
    bool is_slow = false;
    const auto reply = [&](http::Request) { return after(is_slow ? 10s : 100ms, answer(200)); };
    Bench bench(reply, options);
    Made made;
    for (std::uint64_t line = 1; line <= 100; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    is_slow = true;
    co_await make(bench.caller, call_to("http://a.b/", "GET", 101), made);
    CHECK(made.back().second->attempts.at(0).copies == 1);
    CHECK(bench.caller.counts().copies == 0);
}

ASYNC_TEST("an unsafe request is never hedged") {
    CallerOptions options;
    options.hedge.emplace();
    int came = 0;
    const auto reply = [&came](http::Request) { return after(++came % 20 == 0 ? 10s : 100ms, answer(200)); };
    Bench bench(reply, options);
    Made made;
    for (std::uint64_t line = 1; line <= 200; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "POST", line), made);
    CHECK(came == 200);
}

ASYNC_TEST("secrets are redacted in the answer and in the error") {
    Secrets secrets;
    secrets.add("env.KEY", "hush-hush");
    http::Response echo;
    echo.status = 200;
    echo.body = R"({"key":"hush-hush"})";
    ThirdParty server({echo});
    Bench bench(server.answers(), CallerOptions(), nullptr, &secrets);
    Call call = call_to("http://a.b/");
    call.rules.expectation =
        std::make_shared<Expectation>(Expectation::parse(R"({"json":[{"path":"/key","is":null}]})"));
    const MadeCall made = co_await bench.caller.make(call);
    const auto& end = *made;
    CHECK(outcome_of(made) == "rejected expect");
    CHECK(end.response->body == R"({"key":"{{env.KEY}}"})");
    CHECK(end.error->message.find("hush") == std::string::npos);
}

ASYNC_TEST("sent once means as it comes: nothing is repeated, paced or held back") {
    CallerOptions options;
    options.once = true;
    ThirdParty server({answer(429, {{"Retry-After", "100"}}), answer(500)});
    Bench bench(server.answers(), options);
    Made made;
    const TimePoint begin = now();
    for (std::uint64_t line = 1; line <= 3; ++line)
        co_await make(bench.caller, call_to("http://a.b/", "GET", line), made);
    CHECK(now() - begin == 30ms);
    CHECK(outcome_of(made[0].second) == "rejected");
    CHECK(outcome_of(made[1].second) == "rejected");
    CHECK(outcome_of(made[2].second) == "ok");
}

ASYNC_TEST("a call that must not be repeated ends as its first attempt does, and others learn from its refusal") {
    ThirdParty server({answer(429, {{"Retry-After", "5"}})});
    Bench bench(server.answers());
    const TimePoint begin = now();
    Call once = call_to("http://a.b/");
    once.rules.may_repeat = false;
    CHECK(outcome_of(co_await bench.caller.make(once)) == "rejected");
    CHECK(now() - begin == 10ms);
    Call later = call_to("http://a.b/");
    CHECK(outcome_of(co_await bench.caller.make(later)) == "ok");
    CHECK(now() - begin >= 5s);
    for (const Failure& failure : {Failure(ErrorCode::reset, "closed", true, true),
                                   Failure(ErrorCode::reset, "turned away", false, false, true)}) {
        ThirdParty failing({failure});
        Bench other(failing.answers());
        Call unrepeated = call_to("http://a.b/");
        unrepeated.rules.may_repeat = false;
        CHECK(outcome_of(co_await other.caller.make(unrepeated)) == "failed reset");
        CHECK(failing.came.size() == 1);
    }
}

/// Ends each attempt in the same way, when its time is up or after a time of its own.
class Ending final : public Method {
  public:
    explicit Ending(Attempt end, std::optional<Duration> time = std::nullopt) : end_(std::move(end)), time_(time) {}
    Task<Attempt> attempt(const http::Request& request) override {
        return after(time_.value_or(request.time_left.value()), end_);
    }
    std::size_t most_in_flight() const noexcept override { return 10; }

  private:
    Attempt end_;
    std::optional<Duration> time_;
};

/// The end of a call with a deadline of 5 s, and how long it took.
Task<std::pair<MadeCall, Duration>> made_within_5s(Method& method, std::string name) {
    CallerOptions options;
    options.deadline = 5s;
    Random random{1};
    Dates dates;
    Caller caller(options, CallerParts(method, random, dates));
    Call call = call_to("http://a.b/", std::move(name));
    const TimePoint start = now();
    MadeCall made = co_await caller.make(call);
    co_return std::pair(std::move(made), now() - start);
}

ASYNC_TEST("the deadline is a limit of each attempt, which hands over what has come of a stream") {
    Failure cut(ErrorCode::timeout, "the attempt ran out of time", true);
    cut.partial = std::make_shared<http::Response>();
    cut.partial->body = "data: 1\n\n";
    Ending method{Attempt(cut)};
    const auto [made, time] = co_await made_within_5s(method, "GET");
    CHECK(time == 5s);
    CHECK(outcome_of(made) == "failed deadline");
    const auto& end = *made;
    REQUIRE(end.partial);
    CHECK(end.partial->body == "data: 1\n\n");
    CHECK(end.attempts.back().error == ErrorCode::deadline);
}

ASYNC_TEST("a request that was not sent before the deadline was not executed") {
    Ending method{Attempt(Failure(ErrorCode::timeout, "connect a.b:80: timed out after 5 s", false))};
    const auto [made, time] = co_await made_within_5s(method, "POST");
    CHECK(outcome_of(made) == "failed deadline");
    CHECK(made->error->message == "its deadline of 5 s passed before it was sent");
}

ASYNC_TEST("an attempt that does not end itself at the deadline is given up a second later") {
    Ending method(answer(200), 1h);
    const auto [made, time] = co_await made_within_5s(method, "POST");
    CHECK(outcome_of(made) == "unknown deadline");
    CHECK(time == 6s);
}
