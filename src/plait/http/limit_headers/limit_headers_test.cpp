#include "plait/http/limit_headers/limit_headers.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;
using policy::LimitNotice;

namespace {

constexpr WallTime now{1795471200s};  // Mon, 23 Nov 2026 22:00:00 GMT

/// A notice as a line: `tokens from x-ratelimit-tokens: limit 100, remaining 5, reset 360s, window 60s`.
std::string line_of(const LimitNotice& notice) {
    std::string line = notice.unit + " from " + notice.source + ":";
    const auto number = [](double value) {
        std::string text = std::to_string(value);
        while (text.ends_with('0')) text.pop_back();
        return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
    };
    const auto seconds = [&](Duration value) { return number(std::chrono::duration<double>(value).count()) + "s"; };
    if (notice.limit) line += " limit " + number(*notice.limit);
    if (notice.remaining) line += " remaining " + number(*notice.remaining);
    if (notice.reset) line += " reset " + seconds(*notice.reset);
    if (notice.window) line += " window " + seconds(*notice.window);
    if (notice.refill_per_s) line += " refill " + number(*notice.refill_per_s) + "/s";
    return line;
}

std::string lines_of(const LimitHeaders& limits) {
    std::string lines;
    for (const LimitNotice& notice : limits.notices) lines += line_of(notice) + "\n";
    return lines;
}

struct Dialect {
    std::string whose;
    Headers headers;
    std::string says;
};

// clang-format off
const std::vector<Dialect>& dialects() {
    static const std::vector<Dialect> all{
        {"the IETF's, drafts 8 to 11",
         {{"RateLimit-Policy", R"("default";q=100;w=60)"}, {"RateLimit", R"("default";r=50;t=30)"}},
         "requests from ratelimit default: limit 100 remaining 50 reset 30s window 60s\n"},
        {"two policies, and the state of one",
         {{"RateLimit-Policy", R"("burst";q=100;w=60, "daily";q=1000;w=86400)"}, {"RateLimit", R"("daily";r=7;t=3600)"}},
         "requests from ratelimit burst: limit 100 window 60s\n"
         "requests from ratelimit daily: limit 1000 remaining 7 reset 3600s window 86400s\n"},
        {"a policy of another unit, with a partition key",
         {{"RateLimit-Policy", R"("peruser";q=65535;qu="content-bytes";w=10;pk=:sdfjLJUOUH==:)"}, {"RateLimit", R"("peruser";r=65;t=1;pk=:AA==:)"}},
         "content-bytes from ratelimit peruser: limit 65535 remaining 65 reset 1s window 10s\n"},
        {"a policy on concurrent requests is not a rate limit",
         {{"RateLimit-Policy", R"("c";q=5;qu="concurrent-requests")"}, {"RateLimit", R"("c";r=2)"}},
         ""},
        {"a name as a token, and no reset",
         {{"RateLimit", "default;r=0"}},
         "requests from ratelimit default: remaining 0\n"},
        {"the IETF's, draft 7",
         {{"RateLimit-Policy", "100;w=60"}, {"RateLimit", "limit=100, remaining=50, reset=5"}},
         "requests from ratelimit: limit 100 remaining 50 reset 5s window 60s\n"},
        {"the IETF's, draft 6",
         {{"RateLimit-Limit", "100, 10;w=1, 100;w=3600"}, {"RateLimit-Remaining", "99"}, {"RateLimit-Reset", "50"}},
         "requests from ratelimit: limit 100 remaining 99 reset 50s window 3600s\n"},
        {"GitHub",
         {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "4999"}, {"x-ratelimit-reset", "1795473600"}, {"x-ratelimit-used", "1"}, {"x-ratelimit-resource", "core"}},
         "requests from x-ratelimit: limit 5000 remaining 4999 reset 2400s\n"},
        {"X",
         {{"x-rate-limit-limit", "15"}, {"x-rate-limit-remaining", "0"}, {"x-rate-limit-reset", "1795471260"}},
         "requests from x-rate-limit: limit 15 remaining 0 reset 60s\n"},
        {"milliseconds since 1970",
         {{"X-RateLimit-Limit", "20"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471201500"}},
         "requests from x-ratelimit: limit 20 remaining 0 reset 1.5s\n"},
        {"Discord",
         {{"X-RateLimit-Limit", "5"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471261.25"}, {"X-RateLimit-Reset-After", "1.25"}, {"X-RateLimit-Bucket", "abcd1234"}},
         "requests from x-ratelimit: limit 5 remaining 0 reset 1.25s\n"},
        {"a date",
         {{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Reset", "Mon, 23 Nov 2026 22:00:09 GMT"}},
         "requests from x-ratelimit: remaining 3 reset 9s\n"},
        {"OpenAI",
         {{"x-ratelimit-limit-requests", "60"}, {"x-ratelimit-limit-tokens", "150000"}, {"x-ratelimit-remaining-requests", "59"},
          {"x-ratelimit-remaining-tokens", "149984"}, {"x-ratelimit-reset-requests", "1s"}, {"x-ratelimit-reset-tokens", "6m0s"}},
         "requests from x-ratelimit: limit 60 remaining 59 reset 1s\n"
         "tokens from x-ratelimit-tokens: limit 150000 remaining 149984 reset 360s\n"},
        {"OpenAI, parts of a second",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1h2m3.5s"}, {"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "120ms"}},
         "tokens from x-ratelimit-tokens: remaining 0 reset 3723.5s\n"
         "requests from x-ratelimit: remaining 0 reset 0.12s\n"},
        {"Anthropic",
         {{"anthropic-ratelimit-requests-limit", "50"}, {"anthropic-ratelimit-requests-remaining", "49"}, {"anthropic-ratelimit-requests-reset", "2026-11-23T22:00:30Z"},
          {"anthropic-ratelimit-input-tokens-limit", "40000"}, {"anthropic-ratelimit-input-tokens-remaining", "0"}, {"anthropic-ratelimit-input-tokens-reset", "2026-11-23T22:01:00Z"}},
         "requests from anthropic-ratelimit: limit 50 remaining 49 reset 30s\n"
         "input-tokens from anthropic-ratelimit-input-tokens: limit 40000 remaining 0 reset 60s\n"},
        {"windows in the names",
         {{"X-RateLimit-Limit-Minute", "20"}, {"X-RateLimit-Remaining-Minute", "19"}, {"X-RateLimit-Limit-Hour", "500"}, {"X-RateLimit-Remaining-Hour", "0"}},
         "requests from x-ratelimit-minute: limit 20 remaining 19 window 60s\n"
         "requests from x-ratelimit-hour: limit 500 remaining 0 window 3600s\n"},
        {"units and windows in the names",
         {{"x-ratelimit-limit-tokens-minute", "60000"}, {"x-ratelimit-remaining-tokens-minute", "59000"}, {"x-ratelimit-reset-tokens-minute", "33.011"}},
         "tokens from x-ratelimit-tokens-minute: limit 60000 remaining 59000 reset 33.011s window 60s\n"},
        {"a reset in the past is over",
         {{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Reset", "1795471100"}},
         "requests from x-ratelimit: remaining 3 reset 0s\n"},
        {"a server whose clock is an hour ahead of ours",
         {{"Date", "Mon, 23 Nov 2026 23:00:00 GMT"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795474830"}},
         "requests from x-ratelimit: remaining 0 reset 30s\n"},
        {"some fields are nonsense, the others hold",
         {{"X-RateLimit-Limit", "a lot"}, {"X-RateLimit-Remaining", "12"}, {"X-RateLimit-Reset", "soon"}},
         "requests from x-ratelimit: remaining 12\n"},
        {"a reset from now on that is nonsense leaves the other",
         {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471208"}, {"X-RateLimit-Reset-After", ""}},
         "requests from x-ratelimit: remaining 0 reset 8s\n"},
    };
    return all;
}
// clang-format on

// Real limiters at 40 requests in 8 s, and public APIs as documented. The answer arrived at `now`.
// clang-format off
const std::vector<Dialect>& limiters() {
    static const std::vector<Dialect> all{
        {"express-rate-limit 8.7.5, draft 8",
         {{"RateLimit-Policy", R"("40-in-8sec"; q=40; w=8; pk=:MTJjYTE3YjQ5YWYy:)"}, {"RateLimit", R"("40-in-8sec"; r=39; t=8)"}},
         "requests from ratelimit 40-in-8sec: limit 40 remaining 39 reset 8s window 8s\n"},
        {"express-rate-limit 8.7.5, draft 8 and the legacy fields beside it, about the same limit",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "39"}, {"X-RateLimit-Reset", "1795471208"},
          {"RateLimit-Policy", R"("40-in-8sec"; q=40; w=8; pk=:MTJjYTE3YjQ5YWYy:)"}, {"RateLimit", R"("40-in-8sec"; r=39; t=8)"}},
         "requests from ratelimit 40-in-8sec: limit 40 remaining 39 reset 8s window 8s\n"},
        {"express-rate-limit 8.7.5, draft 7",
         {{"RateLimit-Policy", "40;w=8"}, {"RateLimit", "limit=40, remaining=39, reset=8"}},
         "requests from ratelimit: limit 40 remaining 39 reset 8s window 8s\n"},
        {"express-rate-limit 8.7.5, draft 6, hono-rate-limiter 0.5.4, Litestar 2.25.0",
         {{"RateLimit-Policy", "40;w=8"}, {"RateLimit-Limit", "40"}, {"RateLimit-Remaining", "39"}, {"RateLimit-Reset", "8"}},
         "requests from ratelimit: limit 40 remaining 39 reset 8s window 8s\n"},
        {"express-rate-limit 8.7.5, legacy; koa2-ratelimit 1.1.3",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "39"}, {"X-RateLimit-Reset", "1795471208"}},
         "requests from x-ratelimit: limit 40 remaining 39 reset 8s\n"},
        {"Flask-Limiter 4.1.1 with headers, on an allowed answer",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "39"}, {"X-RateLimit-Reset", "1795471208"}, {"Retry-After", "8"}},
         "requests from x-ratelimit: limit 40 remaining 39 reset 8s\nwait 8s from retry-after\n"},
        {"slowapi 0.1.10, a float",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471207.25"}, {"Retry-After", "8"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 7.25s\nwait 8s from retry-after\n"},
        {"koa-ratelimit 6.0.0, a fraction, and a wait that is rounded down",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471207.5"}, {"Retry-After", "7"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 7.5s\nwait 7s from retry-after\n"},
        {"@fastify/rate-limit 11.2.0; fiber 2.52.15",
         {{"x-ratelimit-limit", "40"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "8"}, {"retry-after", "8"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 8s\nwait 8s from retry-after\n"},
        {"@nestjs/throttler 6.7.1, named",
         {{"X-RateLimit-Limit-short", "40"}, {"X-RateLimit-Remaining-short", "39"}, {"X-RateLimit-Reset-short", "8"},
          {"X-RateLimit-Limit-long", "400"}, {"X-RateLimit-Remaining-long", "399"}, {"X-RateLimit-Reset-long", "80"}},
         "requests from x-ratelimit-short: limit 40 remaining 39 reset 8s\n"
         "requests from x-ratelimit-long: limit 400 remaining 399 reset 80s\n"},
        {"@nestjs/throttler 6.7.1, named, a refusal",
         {{"Retry-After-short", "8"}},
         "wait 8s from retry-after-short\n"},
        {"hapi-rate-limit 8.0.0, milliseconds",
         {{"X-RateLimit-UserLimit", "40"}, {"X-RateLimit-UserRemaining", "0"}, {"X-RateLimit-UserReset", "1795471207123"}},
         "requests from x-ratelimit-user: limit 40 remaining 0 reset 7.123s\n"},
        {"Traefik 3.7.15",
         {{"Retry-After", "20"}, {"X-Retry-In", "19.99s"}},
         "wait 19.99s from x-retry-in\n"},
        {"DRF 3.18.3, django-ninja 1.7.1",
         {{"Retry-After", "8"}},
         "wait 8s from retry-after\n"},
        {"quart-rate-limiter 0.12.1, two waits",
         {{"RateLimit-Limit", "40"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "8"}, {"Retry-After", "0"}, {"Retry-After", "8"}},
         "requests from ratelimit: limit 40 remaining 0 reset 8s\nwait 8s from retry-after\n"},
        {"httprate 0.16.1",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471203"}, {"Retry-After", "8"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 3s\nwait 8s from retry-after\n"},
        {"ulule/limiter 3.11.2, rounded down",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471207"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 7s\n"},
        {"tollbooth 7.0.2",
         {{"RateLimit-Limit", "40"}, {"RateLimit-Remaining", "39"}, {"RateLimit-Reset", "1"}, {"X-Rate-Limit-Limit", "40.00"}, {"X-Rate-Limit-Duration", "8"},
          {"X-Rate-Limit-Request-Forwarded-For", ""}, {"X-Rate-Limit-Request-Remote-Addr", "127.0.0.1:50000"}},
         "requests from ratelimit: limit 40 remaining 39 reset 1s window 8s\n"},
        {"go-limiter 0.7.1, dates in UTC",
         {{"X-RateLimit-Limit", "40"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "Mon, 23 Nov 2026 22:00:08 UTC"}, {"Retry-After", "Mon, 23 Nov 2026 22:00:08 UTC"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 8s\nwait 8s from retry-after\n"},
        {"gin-rate-limit 1.5.4",
         {{"X-Rate-Limit-Limit", "40"}, {"X-Rate-Limit-Remaining", "0"}, {"X-Rate-Limit-Reset", "1795471208"}},
         "requests from x-rate-limit: limit 40 remaining 0 reset 8s\n"},
        {"tower_governor 0.8.0, actix-governor 0.10.0",
         {{"x-ratelimit-limit", "40"}, {"x-ratelimit-remaining", "0"}, {"retry-after", "0"}, {"x-ratelimit-after", "0"}},
         "requests from x-ratelimit: limit 40 remaining 0\nwait 0s from retry-after\n"},
        {"bucket4j starter 0.12.10",
         {{"X-Rate-Limit-Remaining", "0"}, {"X-Rate-Limit-Retry-After-Seconds", "3"}},
         "requests from x-rate-limit: remaining 0\nwait 3s from x-rate-limit-retry-after-seconds\n"},
        {"Spring Cloud Gateway 4.2.1, a bucket",
         {{"X-RateLimit-Remaining", "39"}, {"X-RateLimit-Requested-Tokens", "1"}, {"X-RateLimit-Burst-Capacity", "40"}, {"X-RateLimit-Replenish-Rate", "5"}},
         "requests from x-ratelimit: limit 40 remaining 39 refill 5/s\n"},
        {"the same where a request takes several tokens",
         {{"X-RateLimit-Remaining", "117"}, {"X-RateLimit-Requested-Tokens", "3"}, {"X-RateLimit-Burst-Capacity", "120"}, {"X-RateLimit-Replenish-Rate", "15"}},
         "requests from x-ratelimit: limit 40 remaining 39 refill 5/s\n"},
        {"Envoy 1.40.0 local_ratelimit",
         {{"x-ratelimit-limit", "40, 40;w=8"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "5"}},
         "requests from x-ratelimit: limit 40 remaining 0 reset 5s window 8s\n"},
        {"LiteLLM 1.108.7",
         {{"x-ratelimit-limit-requests", "40"}, {"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-limit-tokens", "1000"}, {"x-ratelimit-remaining-tokens", "990"}, {"retry-after", "60"}, {"reset_at", "1795471260"}},
         "requests from x-ratelimit: limit 40 remaining 0\n"
         "tokens from x-ratelimit-tokens: limit 1000 remaining 990\n"
         "wait 60s from retry-after\n"},
        {"OpenAI and Azure, a finer wait",
         {{"retry-after", "2"}, {"retry-after-ms", "1250"}, {"x-should-retry", "true"}},
         "wait 1.25s from retry-after-ms\n"},
        {"HubSpot",
         {{"X-HubSpot-RateLimit-Daily", "250000"}, {"X-HubSpot-RateLimit-Daily-Remaining", "249500"}, {"X-HubSpot-RateLimit-Interval-Milliseconds", "10000"},
          {"X-HubSpot-RateLimit-Max", "100"}, {"X-HubSpot-RateLimit-Remaining", "12"}},
         "requests from x-hubspot-ratelimit-daily: limit 250000 remaining 249500 window 86400s\n"
         "requests from x-hubspot-ratelimit: limit 100 remaining 12 window 10s\n"},
        {"Jira Data Center, a bucket",
         {{"X-RateLimit-Limit", "50"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Interval-Seconds", "4"}, {"X-RateLimit-FillRate", "10"}, {"Retry-After", "4"}},
         "requests from x-ratelimit: limit 50 remaining 0 window 4s refill 2.5/s\nwait 4s from retry-after\n"},
        {"Shopify",
         {{"X-Shopify-Shop-Api-Call-Limit", "40/40"}, {"Retry-After", "2.0"}},
         "wait 2s from retry-after\n"},
        {"Reddit, rounded down, remaining as a float",
         {{"x-ratelimit-used", "600"}, {"x-ratelimit-remaining", "0.0"}, {"x-ratelimit-reset", "42"}},
         "requests from x-ratelimit: remaining 0 reset 42s\n"},
        {"Okta",
         {{"X-Rate-Limit-Limit", "600"}, {"X-Rate-Limit-Remaining", "0"}, {"X-Rate-Limit-Reset", "1795471230"}, {"Date", "Mon, 23 Nov 2026 22:00:00 GMT"}},
         "requests from x-rate-limit: limit 600 remaining 0 reset 30s\n"},
        {"Zendesk",
         {{"X-Rate-Limit", "700"}, {"X-Rate-Limit-Remaining", "699"}, {"Retry-After", "13"}},
         "requests from x-rate-limit: limit 700 remaining 699\nwait 13s from retry-after\n"},
        {"Linear",
         {{"X-RateLimit-Requests-Limit", "1500"}, {"X-RateLimit-Requests-Remaining", "1499"}, {"X-RateLimit-Requests-Reset", "1795474800123"},
          {"X-Complexity", "2"}, {"X-RateLimit-Complexity-Limit", "250000"}, {"X-RateLimit-Complexity-Remaining", "249998"}, {"X-RateLimit-Complexity-Reset", "1795474800123"}},
         "requests from x-ratelimit: limit 1500 remaining 1499 reset 3600.123s\n"
         "complexity from x-ratelimit-complexity: limit 250000 remaining 249998 reset 3600.123s\n"},
        {"nginx, HAProxy, mod_evasive, restify, echo",
         {{"Server", "nginx/1.22.1"}, {"Content-Type", "text/html"}},
         ""},
    };
    return all;
}
// clang-format on

std::string all_lines_of(const LimitHeaders& limits) {
    std::string lines = lines_of(limits);
    if (limits.retry_after) {
        const double wait = std::chrono::duration<double>(*limits.retry_after).count();
        lines += fmt::format("wait {}s from {}\n", wait, limits.retry_after_source);
    }
    return lines;
}

}  // namespace

TEST_CASE("each dialect of limits is understood") {
    for (const Dialect& dialect : dialects()) {
        CAPTURE(dialect.whose);
        CHECK(lines_of(read_limit_headers(dialect.headers, now)) == dialect.says);
    }
}

TEST_CASE("each limiter is understood") {
    for (const Dialect& limiter : limiters()) {
        CAPTURE(limiter.whose);
        CHECK(all_lines_of(read_limit_headers(limiter.headers, now)) == limiter.says);
    }
}

TEST_CASE("a limit has the same name, whichever of its fields an answer has") {
    const auto source_of = [](const Headers& headers) { return read_limit_headers(headers, now).notices.at(0).source; };
    CHECK(source_of({{"X-RateLimit-Limit", "5"}}) == "x-ratelimit");
    CHECK(source_of({{"X-RateLimit-Remaining", "5"}}) == "x-ratelimit");
    CHECK(source_of({{"X-RateLimit-Reset-Requests", "5"}, {"X-RateLimit-Limit", "5"}}) == "x-ratelimit");
    CHECK(source_of({{"X-RateLimit-Limit-Tokens-Minute", "5"}}) == "x-ratelimit-tokens-minute");
    CHECK(source_of({{"X-RateLimit-Tokens-Remaining-Minute", "5"}}) == "x-ratelimit-tokens-minute");
    CHECK(source_of({{"X-RateLimit-Remaining-short", "5"}}) == "x-ratelimit-short");
    CHECK(source_of({{"RateLimit-Policy", R"("a";q=5)"}}) == "ratelimit a");
    CHECK(source_of({{"RateLimit", R"("a";r=5)"}}) == "ratelimit a");
    CHECK(source_of({{"RateLimit-Policy", "5;w=1"}}) == "ratelimit");
    CHECK(source_of({{"RateLimit", "limit=5, remaining=4"}}) == "ratelimit");
}

TEST_CASE("a reset has the meaning that fits the rest of the answer") {
    const std::vector<Dialect> answers{
        {"milliseconds from now, by the window",
         {{"X-Rate-Limit-Limit", "40, 40;w=8"}, {"X-Rate-Limit-Reset", "8000"}},
         "8"},
        {"milliseconds from now, by the wait", {{"X-Rate-Limit-Reset", "8000"}, {"Retry-After", "8"}}, "8"},
        {"milliseconds from now, by another family",
         {{"X-Rate-Limit-Reset", "7500"}, {"RateLimit-Policy", "40;w=8"}},
         "7.5"},
        {"milliseconds, by the name", {{"X-Rate-Limit-Reset-Ms", "1500"}}, "1.5"},
        {"milliseconds, because no wait lasts for months", {{"X-Rate-Limit-Reset", "3600000"}}, "3600"},
        {"a long wait in seconds", {{"X-Rate-Limit-Reset", "8000"}}, "8000"},
        {"a day, although a shorter wait is asked for",
         {{"X-Rate-Limit-Reset", "43200"}, {"Retry-After", "1"}},
         "43200"},
        {"a minute beside a wait of a second", {{"X-Rate-Limit-Reset", "60"}, {"Retry-After", "1"}}, "60"},
        {"microseconds since 1970", {{"X-Rate-Limit-Reset", "1795471208000000"}}, "8"},
        {"nanoseconds since 1970", {{"X-Rate-Limit-Reset", "1795471208000000000"}}, "8"},
        {"a date without a zone is UTC", {{"X-Rate-Limit-Reset", "2026-11-23 22:00:08"}}, "8"},
        {"unless that was hours ago", {{"X-Rate-Limit-Reset", "2026-11-23 17:00:08"}}, "8"},
        {"or longer than the window",
         {{"X-Rate-Limit-Limit", "40, 40;w=8"}, {"X-Rate-Limit-Reset", "2026-11-24T00:00:08"}},
         "8"},
        {"or far from the wait that is asked for",
         {{"X-Rate-Limit-Reset", "2026-11-24T03:30:08"}, {"Retry-After", "8"}},
         "8"},
        {"a minute ago is now", {{"X-Rate-Limit-Reset", "2026-11-23 21:59:00"}}, "0"},
        {"a date without seconds", {{"X-Rate-Limit-Reset", "2026-11-23T22:01Z"}}, "60"},
        {"as JavaScript prints it",
         {{"X-Rate-Limit-Reset", "Mon Nov 23 2026 23:00:08 GMT+0100 (Central European Standard Time)"}},
         "8"},
        {"as Ruby prints it", {{"X-Rate-Limit-Reset", "2026-11-23 22:00:08 +0000"}}, "8"},
        {"a reset in other words", {{"X-Rate-Limit-Reset-At", "1795471208"}}, "8"},
        {"GitLab's", {{"RateLimit-ResetTime", "Mon, 23 Nov 2026 22:00:08 GMT"}}, "8"},
        {"the time since 1970 by a clock that is a minute ahead",
         {{"Date", "Mon, 23 Nov 2026 22:01:00 GMT"}, {"X-Rate-Limit-Reset", "1795471268"}},
         "8"},
        {"the same by a clock that is a minute behind",
         {{"Date", "Mon, 23 Nov 2026 21:59:00 GMT"}, {"X-Rate-Limit-Reset", "1795471150"}},
         "8"},
        {"a Date in whole seconds does not mean another clock",
         {{"Date", "Mon, 23 Nov 2026 21:59:59 GMT"}, {"X-Rate-Limit-Reset", "1795471208"}},
         "8"},
    };
    for (const Dialect& answer : answers) {
        CAPTURE(answer.whose);
        const LimitHeaders said = read_limit_headers(answer.headers, now);
        REQUIRE_FALSE(said.notices.empty());
        REQUIRE(said.notices.back().reset);
        CHECK(fmt::to_string(std::chrono::duration<double>(*said.notices.back().reset).count()) == answer.says);
    }
}

TEST_CASE("a reset and a wait have the grain in which they were written") {
    const auto grain_of = [](std::string_view text) {
        const LimitHeaders said = read_limit_headers(Headers{{"X-RateLimit-Reset", std::string(text)}}, now);
        return said.notices.at(0).reset_grain;
    };
    CHECK(grain_of("8") == 1s);
    CHECK(grain_of("8.25") == 10ms);
    CHECK(grain_of("1795471208") == 1s);
    CHECK(grain_of("1795471208.5") == 100ms);
    CHECK(grain_of("1795471208123") == 1ms);
    CHECK(grain_of("1795471208000") == 1s);
    CHECK(grain_of("6m0s") == 1s);
    CHECK(grain_of("120ms") == 1ms);
    CHECK(grain_of("19.99s") == 10ms);
    CHECK(grain_of("2026-11-23T22:00:08Z") == 1s);
    CHECK(grain_of("2026-11-23T22:00:08.250Z") == 1ms);
    CHECK(grain_of("2026-11-23T22:01Z") == 60s);
    CHECK(read_limit_headers(Headers{{"RateLimit", R"("a";r=0;t=8)"}}, now).notices.at(0).reset_grain == 1s);
    CHECK(read_limit_headers(Headers{{"Retry-After", "8"}}, now).retry_after_grain == 1s);
    CHECK(read_limit_headers(Headers{{"retry-after-ms", "1250"}}, now).retry_after_grain == 1ms);
}

TEST_CASE("a word is a unit when calls cost it, and otherwise the name of a limit on requests") {
    const Headers headers{{"X-RateLimit-Limit-Widgets", "40"}, {"X-RateLimit-Remaining-Widgets", "39"}};
    CHECK(read_limit_headers(headers, now).notices.at(0).unit == "requests");
    CHECK(read_limit_headers(headers, now, policy::Costs("widgets", 3)).notices.at(0).unit == "widgets");
    CHECK(read_limit_headers(headers, now, policy::Costs("gadgets", 3)).notices.at(0).unit == "requests");
}

TEST_CASE("a limit on concurrent calls is not a rate limit") {
    CHECK(
        read_limit_headers(Headers{{"X-RateLimit-Concurrency-Limit", "5"}, {"X-RateLimit-Limit-Concurrent", "5"}}, now)
            .notices.empty());
}

TEST_CASE("a wait is a number of seconds or a date") {
    const std::vector<std::pair<Headers, std::optional<Duration>>> waits{
        {{{"Retry-After", "120"}}, 120s},
        {{{"Retry-After", " 0 "}}, 0s},
        {{{"Retry-After", "1.5"}}, 1500ms},
        {{{"Retry-After", "Mon, 23 Nov 2026 22:02:00 GMT"}}, 120s},
        {{{"Retry-After", "Monday, 23-Nov-26 22:02:00 GMT"}}, 120s},
        {{{"Retry-After", "2026-11-23T22:02:00Z"}}, 120s},
        {{{"Retry-After", "Mon, 23 Nov 2026 21:00:00 GMT"}}, 0s},
        {{{"Retry-After", "Mon, 23 Nov 2026 23:02:00 GMT"}, {"Date", "Mon, 23 Nov 2026 23:00:00 GMT"}}, 120s},
        {{{"Retry-After", "1"}, {"Retry-After-Ms", "1250"}}, 1250ms},
        {{{"Retry-After-Ms", "1250"}}, 1250ms},
        {{{"Retry-After", "2"}, {"Retry-After-Ms", "1250"}}, 1250ms},
        {{{"Retry-After", "3"}, {"Retry-After", "12"}, {"Retry-After", "8"}}, 12s},
        {{{"X-RateLimit-Retry-After", "3"}}, 3s},
        {{{"x-ms-retry-after-ms", "350"}}, 350ms},
        {{{"Retry-After", "1795471260"}}, 60s},
        {{{"Retry-After", "8000"}, {"RateLimit-Policy", "40;w=8"}}, 8s},
        {{{"Retry-After", "8000"}, {"X-RateLimit-Reset", "1795471208"}}, 8s},
        {{{"Retry-After", "7.5s"}}, 7500ms},
        {{{"Retry-After", "-1"}}, std::nullopt},
        {{{"Retry-After", "soon"}}, std::nullopt},
        {{{"Retry-After", ""}}, std::nullopt},
        {{{"Retry-After", "1e3"}}, std::nullopt},
        {{{"Retry-After", "999999999999999999999999"}}, std::nullopt},
        {{{"Retry-After", "Mon, 23 Nov 2099 22:02:00 GMT"}}, std::nullopt},
        {{}, std::nullopt},
    };
    for (const auto& [headers, expected] : waits) {
        CAPTURE(headers.get("retry-after").value_or("none"));
        CHECK(read_limit_headers(headers, now).retry_after == expected);
    }
}

TEST_CASE("nonsense is ignored") {
    const std::vector<std::string> names{"RateLimit", "RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Remaining",
                                         "X-Rate-Limit-Reset"};
    const std::vector<std::string> values{"",          "-1",
                                          "NaN",       "inf",
                                          "unlimited", "0x10",
                                          "1e400",     "99999999999999999999999999",
                                          "\"",        "\"open",
                                          ";",         ";;;",
                                          "=",         "a=",
                                          ";q=1",      ",",
                                          "\"a\";r=",  "\"a\";r=-5;t=-5",
                                          "\"a\" r=5", ":",
                                          ":unclosed", "\\",
                                          "\"\\"};
    for (const std::string& name : names) {
        for (const std::string& value : values) {
            CAPTURE(name);
            CAPTURE(value);
            for (const LimitNotice& notice : read_limit_headers(Headers{{name, value}}, now).notices) {
                CHECK(notice.limit.value_or(0) >= 0);
                CHECK(notice.remaining.value_or(0) >= 0);
                CHECK(notice.reset.value_or(0s) >= 0s);
            }
        }
    }
    CHECK(
        read_limit_headers(Headers{{"X-Separate-Limit", "5"}, {"Corporatelimit-Limit", "5"}, {"RateLimit-", "5"}}, now)
            .notices.empty());
}

TEST_CASE("values stay within their bounds, whatever the bytes") {
    std::mt19937_64 random(1);
    const std::vector<std::string> names{"RateLimit",
                                         "RateLimit-Policy",
                                         "RateLimit-Limit",
                                         "X-RateLimit-Remaining",
                                         "X-Rate-Limit-Reset-Tokens",
                                         "Retry-After",
                                         "X-RateLimit-Interval",
                                         "X-RateLimit-Retry-After-Ms",
                                         "Date"};
    const std::string alphabet = "0123456789.,;=\":\\ -+TZrqwtmhsduMonNvGT";
    for (int round = 0; round < 20'000; ++round) {
        Headers headers;
        for (const std::string& name : names) {
            std::string value;
            for (std::size_t size = random() % 20; size > 0; --size)
                value.push_back(alphabet[random() % alphabet.size()]);
            headers.add(name, value);
        }
        const LimitHeaders limits = read_limit_headers(headers, now);
        CHECK(limits.notices.size() <= most_notices);
        for (const LimitNotice& notice : limits.notices) {
            const bool in_bounds = notice.limit.value_or(0) >= 0 && notice.remaining.value_or(0) >= 0 &&
                                   notice.reset.value_or(0s) >= 0s && notice.reset.value_or(0s) <= 24h * 366;
            CHECK(in_bounds);
        }
    }
}

TEST_CASE("a thousand limits in one answer: only the first are read") {
    Headers headers;
    std::string list;
    for (int i = 0; i < 1000; ++i) {
        headers.add("x-ratelimit-remaining-u" + std::to_string(i), "5");
        list += (i ? ", \"p" : "\"p") + std::to_string(i) + "\";q=1";
    }
    headers.add("RateLimit-Policy", list);
    CHECK(read_limit_headers(headers, now).notices.size() == most_notices);
}
