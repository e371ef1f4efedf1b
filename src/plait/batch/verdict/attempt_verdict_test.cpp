#include "plait/batch/verdict/attempt_verdict.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

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

Refusal said_by(const Attempt& attempt) {
    const auto* response = attempt.response();
    if (!response) return Refusal();
    return read_refusal(*response, http::read_limit_headers(response->headers, WallTime()), {}, WallTime());
}

/// With what its answer says.
AttemptVerdict classify_plainly(const Attempt& attempt, const CallRules& call_rules) {
    return classify(attempt, call_rules, said_by(attempt));
}

Attempt answer_with(int status, http::Headers headers, std::string body = "") {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

}  // namespace

TEST_CASE("an answer 2xx is ok, and any other is a rejection") {
    for (int status : {200, 204}) CHECK(classify_plainly(answer(status), unsafe).outcome == Outcome::ok);
    for (int status : {301, 304, 404, 429, 500})
        CHECK(classify_plainly(answer(status), safe).outcome == Outcome::rejected);
}

TEST_CASE("without an answer a call has failed only if it was surely not done, or harmless") {
    const Failure sent(ErrorCode::reset, "", true);
    const Failure not_sent(ErrorCode::connect, "", false);
    CHECK(classify_plainly(sent, unsafe).outcome == Outcome::unknown);
    CHECK(classify_plainly(sent, safe).outcome == Outcome::failed);
    CHECK(classify_plainly(not_sent, unsafe).outcome == Outcome::failed);
}

TEST_CASE("a failure is worth another attempt when sending again is harmless and may help") {
    const auto kind_of = [](ErrorCode code, bool maybe_sent, const CallRules& call_rules) {
        const AttemptVerdict verdict = classify_plainly(Failure(code, "", maybe_sent), call_rules);
        CHECK(verdict.error->retryable == (verdict.end.kind() == Kind::repeatable));
        return verdict.end.kind();
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
    for (int status : {408, 425, 429, 500, 502, 503, 504, 509, 520, 529, 594, 999}) {
        CAPTURE(status);
        CHECK(classify_plainly(answer(status), safe).end.kind() != Kind::final);
        if (status != 429) CHECK(classify_plainly(answer(status), unsafe).end.kind() == Kind::final);
    }
    for (int status : {400, 404, 409, 501, 505, 506, 507, 508, 510, 511})
        CHECK(classify_plainly(answer(status), safe).end.kind() != Kind::repeatable);
    CHECK(classify_plainly(answer(409), conflict).end.kind() == Kind::repeatable);
    conflict.safe_to_repeat = false;
    CHECK(classify_plainly(answer(409), conflict).end.kind() == Kind::final);
}

TEST_CASE("a refusal is no failure: it may be sent again whatever it is, and asks for less") {
    for (const CallRules& call_rules : {safe, unsafe}) {
        const AttemptVerdict too_many = classify_plainly(answer(429), call_rules);
        CHECK(too_many.is_refusal);
        CHECK(too_many.is_surely_undone);
        CHECK(too_many.end.kind() == Kind::asked_to_wait);
        CHECK(too_many.load == policy::Load::overloaded);

        for (const int status : {400, 403, 503, 529}) {
            const AttemptVerdict busy = classify_plainly(answer_with(status, {{"Retry-After", "3"}}), call_rules);
            CHECK(busy.is_refusal);
            CHECK(busy.end.kind() == Kind::asked_to_wait);
            CHECK(busy.end.wait() == 3s);
        }
    }
    CHECK_FALSE(classify_plainly(answer(503), unsafe).is_refusal);
    CHECK_FALSE(classify_plainly(answer(503), unsafe).is_surely_undone);
}

TEST_CASE("a server that failed or a gateway that gave up may have done it whatever wait it names") {
    for (const int status : {500, 502, 504, 520, 521, 522, 523, 524}) {
        CAPTURE(status);
        const Attempt attempt = answer_with(status, {{"Retry-After", "3"}});
        CHECK(classify_plainly(attempt, safe).is_refusal);
        CHECK(classify_plainly(attempt, safe).end.wait() == 3s);
        CHECK_FALSE(classify_plainly(attempt, unsafe).is_surely_undone);
        CHECK(classify_plainly(attempt, unsafe).end.kind() == Kind::final);
    }
    const Attempt throttled = answer_with(500, {}, R"({"__type":"ThrottlingException"})");
    CHECK(classify_plainly(throttled, unsafe).end.kind() == Kind::asked_to_wait);
}

TEST_CASE("an overload without a time is a failure whose retries are not rationed") {
    for (const int status : {503, 529}) {
        const AttemptVerdict verdict = classify_plainly(answer(status), safe);
        CHECK(verdict.is_overload);
        CHECK_FALSE(verdict.is_refusal);
        CHECK(verdict.load == policy::Load::overloaded);
        CHECK(verdict.end.kind() == Kind::repeatable);
        CHECK_FALSE(verdict.end.is_rationed());
        CHECK(classify_plainly(answer(status), unsafe).end.kind() == Kind::final);
    }
    CHECK(classify_plainly(answer(500), safe).end.is_rationed());
    CHECK_FALSE(classify_plainly(answer(500), safe).is_overload);
}

TEST_CASE("an error with a status of success is a refusal unless the call expects its body") {
    const Attempt throttled = answer_with(200, {}, R"({"errors":[{"extensions":{"code":"THROTTLED"}}]})");
    const AttemptVerdict verdict = classify_plainly(throttled, unsafe);
    CHECK(verdict.outcome == Outcome::rejected);
    CHECK(verdict.is_refusal);
    CHECK(verdict.end.kind() == Kind::asked_to_wait);
    CallRules expects = unsafe;
    expects.expectation = std::make_shared<const Expectation>(Expectation::parse(R"({"status":200})"));
    CHECK(classify_plainly(throttled, expects).is_refusal);
    expects.expectation =
        std::make_shared<const Expectation>(Expectation::parse(R"({"json":[{"path":"/errors","exists":true}]})"));
    CHECK(classify_plainly(throttled, expects).outcome == Outcome::ok);
    CHECK_FALSE(classify_plainly(throttled, expects).is_refusal);
}

TEST_CASE("a refusal that no wait lifts ends the call at once and says why") {
    const Attempt broke = answer_with(
        429, {{"Retry-After", "20"}},
        R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}})");
    const AttemptVerdict verdict = classify_plainly(broke, safe);
    CHECK(verdict.outcome == Outcome::rejected);
    CHECK(verdict.end.kind() == Kind::final);
    CHECK(verdict.is_for_account);
    CHECK(verdict.is_surely_undone);
    CHECK_FALSE(verdict.is_refusal);
    CHECK(verdict.load == policy::Load::fine);
    CHECK(verdict.error->message ==
          "refused, and no wait will change that: insufficient_quota: You exceeded your current quota");
    CHECK_FALSE(verdict.error->retryable);
}

TEST_CASE("a server that says whether to retry is obeyed where that is safe") {
    const http::Headers no{{"x-should-retry", "false"}};
    const http::Headers yes{{"x-should-retry", "true"}};
    for (const int status : {429, 500, 503}) {
        CAPTURE(status);
        CHECK(classify_plainly(answer_with(status, no), safe).end.kind() == Kind::final);
        CHECK(classify_plainly(answer_with(status, no), safe).error->message.find("x-should-retry: false") !=
              std::string::npos);
        CHECK_FALSE(classify_plainly(answer_with(status, no), safe).is_for_account);
    }
    CHECK_FALSE(classify_plainly(answer_with(400, no), safe).error);
    CHECK(classify_plainly(answer_with(409, yes), safe).end.kind() == Kind::repeatable);
    CHECK(classify_plainly(answer_with(409, yes), unsafe).end.kind() == Kind::final);
    CHECK(classify_plainly(answer_with(429, yes), unsafe).end.kind() == Kind::asked_to_wait);
}

TEST_CASE("only an end that is no failure tells a budget that the server is well") {
    CHECK(classify_plainly(answer(200), safe).end.is_good());
    CHECK(classify_plainly(answer(404), safe).end.is_good());
    CHECK_FALSE(classify_plainly(answer(500), safe).end.is_good());
    CHECK_FALSE(classify_plainly(answer(500), unsafe).end.is_good());
    CHECK_FALSE(classify_plainly(answer(429), safe).end.is_good());
    CHECK_FALSE(classify_plainly(Failure(ErrorCode::reset, "", true), unsafe).end.is_good());
}

TEST_CASE("a server that can't be reached differs from one that breaks off") {
    CHECK(classify_plainly(Failure(ErrorCode::connect, "", false), safe).reach == Reach::not_reached);
    CHECK(classify_plainly(Failure(ErrorCode::dns, "", false), safe).reach == Reach::not_reached);
    CHECK(classify_plainly(Failure(ErrorCode::reset, "", true), safe).reach == Reach::reached);
    CHECK(classify_plainly(Failure(ErrorCode::reset, "", false), safe).reach == Reach::not_reached);
    CHECK(classify_plainly(Failure(ErrorCode::timeout, "", true), safe).reach == Reach::reached);
    CHECK(classify_plainly(Failure(ErrorCode::timeout, "", false), safe).reach == Reach::unknown);
    CHECK(classify_plainly(Failure(ErrorCode::cancelled, "", true), safe).reach == Reach::unknown);
    CHECK(classify_plainly(answer(500), safe).reach == Reach::reached);
}

TEST_CASE("an answer that was refused on its way is kept, and the call is not repeated") {
    Failure failure(ErrorCode::bad_input, "a hook has failed", false);
    CHECK(classify_plainly(failure, unsafe).outcome == Outcome::failed);
    failure.partial = std::make_shared<http::Response>();
    const AttemptVerdict verdict = classify_plainly(failure, unsafe);
    CHECK(verdict.outcome == Outcome::rejected);
    CHECK(verdict.end.kind() != Kind::repeatable);
    CHECK_FALSE(verdict.error->maybe_sent);
    CHECK_FALSE(verdict.is_surely_undone);
    CHECK(verdict.reach == Reach::reached);
}

TEST_CASE("a proxy that fails is tried again, even for an unsafe call, unless it refuses for good") {
    Failure failure(ErrorCode::proxy, "proxy http://p: refused", false);
    const AttemptVerdict passing = classify_plainly(failure, unsafe);
    CHECK(passing.outcome == Outcome::failed);
    CHECK(passing.end.kind() == Kind::repeatable);
    CHECK(passing.error->retryable);
    CHECK(passing.reach == Reach::not_reached);
    CHECK(passing.is_surely_undone);
    failure.is_permanent = true;
    const AttemptVerdict lasting = classify_plainly(failure, safe);
    CHECK(lasting.outcome == Outcome::failed);
    CHECK(lasting.end.kind() != Kind::repeatable);
    CHECK_FALSE(lasting.error->retryable);
}

TEST_CASE("a program decides which attempts are worth another one, within what does no harm") {
    const auto end_with = [](const Attempt& attempt, const CallRules& call_rules, bool wish) {
        AttemptVerdict verdict = classify_plainly(attempt, call_rules);
        apply_wish(verdict, wish, call_rules, said_by(attempt));
        return verdict.end;
    };
    CHECK(end_with(answer(200), safe, true).kind() == Kind::repeatable);
    CHECK(end_with(answer(404), safe, true).kind() == Kind::repeatable);
    CHECK(end_with(answer(404), safe, false).kind() == Kind::final);
    CHECK(end_with(answer(500), safe, false).kind() == Kind::final);
    CHECK(end_with(answer_with(404, {{"Retry-After", "7"}}), safe, true).wait() == 7s);
    CHECK(end_with(answer(429), safe, true).kind() == Kind::asked_to_wait);
    CHECK(end_with(answer(429), safe, false).kind() == Kind::final);
    CHECK(end_with(Failure(ErrorCode::tls, "", false), safe, true).kind() == Kind::repeatable);
    CHECK(end_with(Failure(ErrorCode::reset, "", true), safe, false).kind() == Kind::final);

    // What may have had an effect is not repeated; what certainly had none is.
    CHECK(end_with(answer(404), unsafe, true).kind() == Kind::final);
    CHECK(end_with(Failure(ErrorCode::reset, "", true), unsafe, true).kind() == Kind::final);
    CHECK(end_with(answer(401), unsafe, true).kind() == Kind::repeatable);

    // A server that answers is well, however often its answers are not the wanted ones.
    CHECK(end_with(answer(404), safe, true).is_good());
    CHECK_FALSE(end_with(answer(404), safe, true).is_rationed());
    CHECK_FALSE(end_with(Failure(ErrorCode::tls, "", false), safe, true).is_good());
    CHECK(end_with(Failure(ErrorCode::tls, "", false), safe, true).is_rationed());
    CHECK_FALSE(end_with(answer(500), safe, false).is_good());
}

TEST_CASE("the error of an attempt says what the program has decided") {
    AttemptVerdict verdict = classify_plainly(Failure(ErrorCode::reset, "", true), safe);
    CHECK(verdict.error->retryable);
    apply_wish(verdict, false, safe, Refusal());
    CHECK_FALSE(verdict.error->retryable);
    verdict = classify_plainly(Failure(ErrorCode::tls, "", false), safe);
    apply_wish(verdict, true, safe, Refusal());
    CHECK(verdict.error->retryable);
}
