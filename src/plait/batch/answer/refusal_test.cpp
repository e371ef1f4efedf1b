#include "plait/batch/answer/refusal.hpp"

#include "plait/batch/answer/refusal_body.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using Kind = Refusal::Kind;

namespace {

constexpr WallTime now{1795471200s};  // Mon, 23 Nov 2026 22:00:00 GMT

struct Answer {
    std::string whose;
    int status = 0;
    http::Headers headers{};
    std::string body{};
    std::optional<Duration> wait{};
    std::string source{};
};

Refusal read(const Answer& answer, const std::string& named = "") {
    http::Response response;
    response.status = answer.status;
    response.headers = answer.headers;
    response.body = answer.body;
    std::vector<std::shared_ptr<const Expectation>> rules;
    if (!named.empty()) rules.push_back(std::make_shared<const Expectation>(Expectation::parse_refusal_flag(named)));
    return read_refusal(response, http::read_limit_headers(response.headers, now), rules, now);
}

// clang-format off
const std::vector<Answer>& refusals() {
    static const std::vector<Answer> all{
        {"any limiter", 429},
        {"any limiter that names a wait", 429, {{"Retry-After", "8"}}, "", 8s, "retry-after"},
        {"koa-ratelimit, whose reset is finer than its wait", 429,
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471207.5"}, {"Retry-After", "7"}}, "", 7500ms, "x-ratelimit"},
        {"ulule/limiter", 429,
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471207"}}, "", 7s, "x-ratelimit"},
        {"GitHub, the primary limit", 403,
         {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1795471230"}}, R"({"message":"API rate limit exceeded"})", 30s, "x-ratelimit"},
        {"GitHub, a secondary limit", 403,
         {{"Retry-After", "60"}}, R"({"message":"You have exceeded a secondary rate limit."})", 60s, "retry-after"},
        {"Anthropic, overloaded, with a wait", 529,
         {{"Retry-After", "5"}}, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", 5s, "retry-after"},
        {"Cloudflare", 522, {{"Retry-After", "15"}}, "error code: 522", 15s, "retry-after"},
        {"a limit of minutes beside a limit that is open", 503,
         {{"X-RateLimit-Remaining-Minute", "0"}, {"X-RateLimit-Reset-Minute", "12"}, {"X-RateLimit-Remaining-Hour", "50"}, {"X-RateLimit-Reset-Hour", "1800"}}, "", 12s, "x-ratelimit-minute"},
        {"AWS, JSON", 400, {}, R"({"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded"})"},
        {"AWS, the type in a header", 400, {{"x-amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/"}}, R"({"message":"Rate exceeded"})"},
        {"AWS, S3", 503, {}, R"(<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>)"},
        {"AWS, EC2", 503, {}, "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors></Response>"},
        {"AWS, DynamoDB", 400, {}, R"({"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"})"},
        {"Google, a user's limit", 403, {}, R"({"error":{"code":403,"message":"User Rate Limit Exceeded","errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded"}]}})"},
        {"Google, a project's limit", 403, {}, R"({"error":{"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}],"code":403}})"},
        {"Google, a delay", 429, {},
         R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}})", 34500ms, "retryDelay"},
        {"Google, exhausted in another status", 503, {}, R"([{"error":{"code":503,"status":"RESOURCE_EXHAUSTED"}}])"},
        {"Salesforce", 403, {}, R"([{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}])"},
        {"Discord", 429, {}, R"({"message":"You are being rate limited.","retry_after":64.57,"global":false})", 64570ms, "retry_after"},
        {"Discord, a wait that is finer than the header's", 429, {{"Retry-After", "65"}}, R"({"retry_after":64.57})", 64570ms, "retry_after"},
        {"Dropbox", 429, {}, R"({"error_summary":"too_many_requests/..","error":{"reason":{".tag":"too_many_requests"},"retry_after":300}})", 300s, "retry_after"},
        {"Telegram", 429, {}, R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}})", 5s, "retry_after"},
        {"an API that names a wait in another status", 403, {}, R"({"error":{"message":"slower, please","retry_after_ms":2500}})", 2500ms, "retry_after_ms"},
        {"Shopify, GraphQL", 200, {},
         R"({"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":752,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":1000.0,"currentlyAvailable":702,"restoreRate":50.0}}}})", 1s, "throttleStatus"},
        {"GitHub, GraphQL", 200,
         {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1795471230"}}, R"({"data":{"viewer":null},"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})"},
        {"Linear", 400, {}, R"({"errors":[{"message":"Rate limit exceeded","extensions":{"code":"RATELIMITED"}}]})"},
        {"Slack, as it was", 200, {}, R"({"ok":false,"error":"ratelimited"})"},
    };
    return all;
}

const std::vector<Answer>& others() {
    static const std::vector<Answer> all{
        {"an allowed answer that names a wait, as Flask-Limiter's", 200, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "8"}, {"Retry-After", "8"}}, "{}"},
        {"a denial", 403, {}, R"({"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}})"},
        {"a denial that quotes what was sent", 403, {}, R"({"error":"forbidden","request":{"reason":"rateLimitExceeded","retry_after":5}})"},
        {"a denial as a page", 403, {}, "<html><body>ThrottlingException is a word on this page</body></html>"},
        {"a denial with a limit that is not used up", 403, {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "4999"}, {"x-ratelimit-reset", "1795471230"}}, ""},
        {"a denial by an API of one call at a time, which has nothing left in each answer", 403, {{"x-ratelimit-limit", "1"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1"}}, ""},
        {"a bad request", 400, {}, R"({"__type":"ValidationException","message":"ThrottlingException is no such field"})"},
        {"a bad request with a list of faults", 400, {}, R"({"errors":[{"field":"retry_after","code":"invalid","message":"THROTTLED"}]})"},
        {"a failure", 500, {}, R"({"error":"internal"})"},
        {"an overload without a time", 503},
        {"a failure that asks for no wait at all", 500, {{"Retry-After", "0"}}},
        {"what is gone", 404, {{"Retry-After", "8"}}, R"({"error":{"code":"THROTTLED"}})"},
        {"data that mention the word", 200, {}, R"({"data":{"events":[{"code":"THROTTLED"}]},"errors":[]})"},
        {"data beside an error", 200, {}, R"({"data":{"shop":{"name":"a"}},"errors":[{"extensions":{"code":"THROTTLED"}}]})"},
        {"a log of errors", 200, {}, R"([{"errors":[{"code":"THROTTLED"}]}])"},
        {"data with a wait", 200, {}, R"({"retry_after":5,"errors":null})"},
        {"no JSON", 400, {}, "{\"error\":{\"code\":\"THROTTLED\""},
        {"a redirection", 302, {{"Retry-After", "8"}}},
    };
    return all;
}

const std::vector<Answer>& refusals_for_good() {
    static const std::vector<Answer> all{
        {"OpenAI", 429, {{"Retry-After", "20"}}, R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})"},
        {"OpenAI, the code more exact than the type", 429, {}, R"({"error":{"message":"No credit.","type":"insufficient_quota","code":"credit_balance_exhausted"}})"},
        {"OpenAI, as it was", 400, {}, R"({"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}})"},
        {"Anthropic, a spend limit", 429, {}, R"({"type":"error","error":{"type":"rate_limit_error","message":"Spend limit.","details":{"error_code":"enforced_spend_limit_reached"}}})"},
        {"Anthropic, billing", 402, {}, R"({"type":"error","error":{"type":"billing_error","message":"Billing."}})"},
        {"Google, a day's limit", 403, {}, R"({"error":{"errors":[{"domain":"usageLimits","reason":"dailyLimitExceeded"}],"code":403}})"},
    };
    return all;
}
// clang-format on

}  // namespace

TEST_CASE("each way to ask for a later attempt is a refusal with its wait") {
    for (const Answer& answer : refusals()) {
        CAPTURE(answer.whose);
        const Refusal refusal = read(answer);
        CHECK(refusal.kind == Kind::later);
        if (answer.wait) {
            CHECK(refusal.asked.wait == answer.wait);
            CHECK(refusal.asked.source == answer.source);
        }
    }
}

TEST_CASE("answers that only look like refusals are not refusals") {
    for (const Answer& answer : others()) {
        CAPTURE(answer.whose);
        CHECK(read(answer).kind == Kind::none);
    }
}

TEST_CASE("a quota used up for good differs from one used up for now") {
    for (const Answer& answer : refusals_for_good()) {
        CAPTURE(answer.whose);
        const Refusal refusal = read(answer);
        CHECK(refusal.kind == Kind::for_good);
        CHECK_FALSE(refusal.reason.empty());
    }
    CHECK(read(refusals_for_good().front()).reason ==
          "insufficient_quota: You exceeded your current quota, please check your plan and billing details.");
}

TEST_CASE("a rule names refusals that plait does not know") {
    const Answer busy{"busy", 403, {}, R"({"error":{"code":"busy"}})"};
    CHECK(read(busy).kind == Kind::none);
    CHECK(read(busy, "status=403").kind == Kind::later);
    CHECK(read(busy, "status=403").is_surely_undone);
    CHECK(read(busy, "status=400,5xx").kind == Kind::none);
    CHECK(read(busy, R"({"json":[{"path":"/error/code","is":"busy"}]})").kind == Kind::later);
    CHECK(read(busy, R"({"status":200,"json":[{"path":"/error/code","is":"busy"}]})").kind == Kind::none);
    const Answer busy_ok{"busy", 200, {{"Retry-After", "3"}}, R"({"error":{"code":"busy"}})"};
    CHECK(read(busy_ok, R"({"json":[{"path":"/error/code","is":"busy"}]})").outranks_status);
    CHECK(read(busy_ok, R"({"json":[{"path":"/error/code","is":"busy"}]})").asked.wait == 3s);
    // The user's own rule outranks the words in the body.
    CHECK(read(refusals_for_good().front(), "status=429").kind == Kind::later);
}

TEST_CASE("a body of any size and depth is read without harm") {
    std::string deep = R"({"errors":)";
    for (int i = 0; i < 5000; ++i) deep += "[";
    CHECK(read({"deep", 400, {}, deep}).kind == Kind::none);
    const std::string long_text(longest_refusal_body, 'x');
    CHECK(read({"long", 400, {}, R"({"code":"THROTTLED","x":")" + long_text + "\"}"}).kind == Kind::none);
    CHECK(read({"empty", 400, {}, ""}).kind == Kind::none);
    CHECK(read({"blank", 400, {}, "   "}).kind == Kind::none);
}
