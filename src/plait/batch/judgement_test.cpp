#include "plait/batch/judgement.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using Kind = policy::AttemptEnd::Kind;

namespace {

Attempt answer(int status) {
    http::Response response;
    response.status = status;
    return response;
}

CallRules rules(bool safe_to_repeat) {
    CallRules rules;
    rules.safe_to_repeat = safe_to_repeat;
    return rules;
}
const CallRules safe = rules(true);
const CallRules unsafe = rules(false);

AskedWait for_so_long(Duration wait) {
    AskedWait asked;
    asked.wait = wait;
    return asked;
}

Judgement judge_plainly(const Attempt& attempt, const CallRules& call_rules) {
    return judge(attempt, call_rules, AskedWait());
}

}  // namespace

TEST_CASE("an answer 2xx is ok, and any other is a rejection") {
    for (int status : {200, 204}) CHECK(judge_plainly(answer(status), unsafe).outcome == Outcome::ok);
    for (int status : {301, 304, 404, 429, 500})
        CHECK(judge_plainly(answer(status), safe).outcome == Outcome::rejected);
}

TEST_CASE("without an answer a call has failed only if it was surely not done, or harmless") {
    const Failure sent(ErrorCode::reset, "", true);
    const Failure not_sent(ErrorCode::connect, "", false);
    CHECK(judge_plainly(sent, unsafe).outcome == Outcome::unknown);
    CHECK(judge_plainly(sent, safe).outcome == Outcome::failed);
    CHECK(judge_plainly(not_sent, unsafe).outcome == Outcome::failed);
}

TEST_CASE("a failure is worth another attempt when sending again is harmless and may help") {
    const auto kind_of = [](ErrorCode code, bool maybe_sent, const CallRules& call_rules) {
        const Judgement judgement = judge_plainly(Failure(code, "", maybe_sent), call_rules);
        CHECK(judgement.error->retryable == (judgement.end.kind() == Kind::repeatable));
        return judgement.end.kind();
    };
    CHECK(kind_of(ErrorCode::reset, true, safe) == Kind::repeatable);
    CHECK(kind_of(ErrorCode::reset, true, unsafe) == Kind::final);
    CHECK(kind_of(ErrorCode::connect, false, unsafe) == Kind::repeatable);
    CHECK(kind_of(ErrorCode::bad_input, false, unsafe) == Kind::final);
    CHECK(kind_of(ErrorCode::tls, false, unsafe) == Kind::final);
    CHECK(kind_of(ErrorCode::too_large, true, safe) == Kind::final);
}

TEST_CASE("the usual statuses are repeated where that is safe, and those that the line names") {
    CallRules conflict = safe;
    conflict.retry_statuses = {409};
    for (int status : usual_retry_statuses) {
        CAPTURE(status);
        CHECK(judge_plainly(answer(status), safe).end.kind() != Kind::final);
        if (status != 429) CHECK(judge_plainly(answer(status), unsafe).end.kind() == Kind::final);
    }
    CHECK(judge_plainly(answer(409), safe).end.kind() == Kind::final);
    CHECK(judge_plainly(answer(409), conflict).end.kind() == Kind::repeatable);
    conflict.safe_to_repeat = false;
    CHECK(judge_plainly(answer(409), conflict).end.kind() == Kind::final);
}

TEST_CASE("a refusal is no failure: it may be sent again whatever it is, and asks for less") {
    for (const CallRules& call_rules : {safe, unsafe}) {
        const Judgement too_many = judge_plainly(answer(429), call_rules);
        CHECK(too_many.is_refusal);
        CHECK(too_many.is_surely_undone);
        CHECK(too_many.end.kind() == Kind::asked_to_wait);
        CHECK(too_many.load == policy::Load::overloaded);

        const Judgement busy = judge(answer(503), call_rules, for_so_long(3s));
        CHECK(busy.is_refusal);
        CHECK(busy.end.wait() == 3s);
    }
    CHECK_FALSE(judge_plainly(answer(503), unsafe).is_refusal);
    CHECK_FALSE(judge_plainly(answer(503), unsafe).is_surely_undone);
}

TEST_CASE("what an answer asks for is Retry-After, or of a 429 the longest reset of the limits that are used up") {
    http::LimitHeaders said;
    CHECK_FALSE(asked_wait(429, said).wait);
    policy::LimitNotice used_up("requests", "x-ratelimit-remaining");
    used_up.remaining = 0;
    used_up.reset = 5s;
    policy::LimitNotice later("tokens", "x-ratelimit-remaining-tokens");
    later.remaining = 0;
    later.reset = 9s;
    policy::LimitNotice open("minutes", "x");
    open.remaining = 7;
    open.reset = 60s;
    said.notices = {used_up, later, open};
    CHECK(asked_wait(429, said).wait == 9s);
    CHECK(asked_wait(429, said).source == "x-ratelimit-remaining-tokens");
    CHECK_FALSE(asked_wait(503, said).wait);
    said.retry_after = 2s;
    said.retry_after_source = "retry-after";
    CHECK(asked_wait(429, said).wait == 2s);
    CHECK(asked_wait(503, said).source == "retry-after");
}

TEST_CASE("what can't be reached is told from what is reached and breaks off") {
    CHECK(judge_plainly(Failure(ErrorCode::connect, "", false), safe).reach == Reach::not_reached);
    CHECK(judge_plainly(Failure(ErrorCode::dns, "", false), safe).reach == Reach::not_reached);
    CHECK(judge_plainly(Failure(ErrorCode::reset, "", true), safe).reach == Reach::reached);
    CHECK(judge_plainly(Failure(ErrorCode::reset, "", false), safe).reach == Reach::not_reached);
    CHECK(judge_plainly(Failure(ErrorCode::timeout, "", true), safe).reach == Reach::reached);
    CHECK(judge_plainly(Failure(ErrorCode::timeout, "", false), safe).reach == Reach::untold);
    CHECK(judge_plainly(Failure(ErrorCode::cancelled, "", true), safe).reach == Reach::untold);
    CHECK(judge_plainly(answer(500), safe).reach == Reach::reached);
}
