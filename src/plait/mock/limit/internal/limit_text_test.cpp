#include "plait/mock/limit/internal/limit_text.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>

using namespace plait;
using namespace plait::mock;
using namespace plait::mock::internal;
using namespace std::chrono_literals;

namespace {

/// 784111777 s after 1970.
const CalendarTime example_time = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

/// The header lines of this dialect for a limit of 50/s that is used up for 6 minutes.
std::string told(const char* dialect, std::optional<Lie> lie = {}, bool refused = true) {
    std::array<LimitState, 1> limits;
    limits[0].limit = 50;
    limits[0].window = 1s;
    limits[0].remaining = refused ? 0 : 12;
    limits[0].reset = 6min;
    LimitTelling telling;
    telling.limits = limits;
    telling.refused = refused;
    telling.now = example_time;
    telling.lie = lie;
    std::string text;
    append_limit_headers(text, parse_dialects(dialect), telling);
    return text;
}

std::string three(const std::string& prefix, const std::string& reset, const std::string& suffix = "") {
    return prefix + "Limit" + suffix + ": 50\r\n" + prefix + "Remaining" + suffix + ": 0\r\n" + prefix + "Reset" +
           suffix + ": " + reset + "\r\n";
}

}  // namespace

TEST_CASE("each dialect writes a limit in its own form") {
    CHECK(told("retry-after") == "Retry-After: 360\r\n");
    CHECK(told("retry-after:date") == "Retry-After: Sun, 06 Nov 1994 08:55:37 GMT\r\n");
    CHECK(told("draft") == "RateLimit-Policy: \"1s\";q=50;w=1\r\nRateLimit: \"1s\";r=0;t=360\r\n");
    CHECK(told("ratelimit") == three("RateLimit-", "360"));
    CHECK(told("x-ratelimit") == three("X-RateLimit-", "360"));
    CHECK(told("x-rate-limit") == three("X-Rate-Limit-", "360"));
    CHECK(told("x-ratelimit-requests:duration") == three("X-RateLimit-", "6m0s", "-Requests"));
    CHECK(told("x-ratelimit:epoch") == three("X-RateLimit-", "784112137"));
    CHECK(told("x-ratelimit:epoch-ms") == three("X-RateLimit-", "784112137000"));
    CHECK(told("x-rate-limit:date") == three("X-Rate-Limit-", "Sun, 06 Nov 1994 08:55:37 GMT"));
    CHECK(told("none") == "");
    CHECK(told("retry-after,x-ratelimit") == told("retry-after") + told("x-ratelimit"));
}

TEST_CASE("the answer to an accepted request says what remains, but not when to come again") {
    CHECK(told("retry-after", {}, false) == "");
    CHECK(told("draft", {}, false) == "RateLimit-Policy: \"1s\";q=50;w=1\r\nRateLimit: \"1s\";r=12;t=360\r\n");
}

TEST_CASE("the draft lists all limits and their partitions") {
    std::array<LimitState, 2> limits;
    limits[0].limit = 5;
    limits[0].window = 1500ms;
    limits[1].limit = 100;
    limits[1].window = 1min;
    limits[1].remaining = 3;
    limits[1].reset = 100ms;
    LimitTelling telling;
    telling.limits = limits;
    telling.partition = "tenant";
    std::string text;
    append_limit_headers(text, parse_dialects("draft"), telling);
    CHECK(text ==
          "RateLimit-Policy: \"1.5s\";q=5;w=2;pk=:dGVuYW50:, \"1m0s\";q=100;w=60;pk=:dGVuYW50:\r\n"
          "RateLimit: \"1.5s\";r=0;t=0;pk=:dGVuYW50:, \"1m0s\";r=3;t=1;pk=:dGVuYW50:\r\n");
}

TEST_CASE("each lie works in every dialect") {
    CHECK(told("x-ratelimit", Lie(Lie::Kind::full)) ==
          "X-RateLimit-Limit: 50\r\nX-RateLimit-Remaining: 50\r\nX-RateLimit-Reset: 360\r\n");
    CHECK(told("draft", Lie(Lie::Kind::used_up), false).ends_with("RateLimit: \"1s\";r=0;t=360\r\n"));
    CHECK(told("retry-after", Lie(Lie::Kind::past)) == "Retry-After: -3600\r\n");
    CHECK(told("retry-after:date", Lie(Lie::Kind::past)) == "Retry-After: Sun, 06 Nov 1994 07:49:37 GMT\r\n");
    CHECK(told("x-ratelimit:epoch", Lie(Lie::Kind::past)).ends_with("Reset: 784108177\r\n"));
    CHECK(told("x-ratelimit:duration", Lie(Lie::Kind::past)).ends_with("Reset: -1h0m0s\r\n"));
    CHECK(told("x-ratelimit", Lie(Lie::Kind::negative)) ==
          "X-RateLimit-Limit: -17\r\nX-RateLimit-Remaining: -17\r\nX-RateLimit-Reset: -17\r\n");
    CHECK(told("retry-after:date", Lie(Lie::Kind::huge)) == "Retry-After: 999999999999999999999\r\n");
    CHECK(told("draft", Lie(Lie::Kind::garbage)).find("r=soon; maybe;t=soon; maybe") != std::string::npos);
}

TEST_CASE("real limiters are a family, a form and a rounding") {
    CHECK(told("draft-8") ==
          "RateLimit-Policy: \"50-in-1sec\"; q=50; w=1; pk=:ZXZlcnlib2R5:\r\n"
          "RateLimit: \"50-in-1sec\"; r=0; t=360\r\n");
    CHECK(told("draft-7") == "RateLimit-Policy: 50;w=1\r\nRateLimit: limit=50, remaining=0, reset=360\r\n");
    CHECK(told("draft-6") == "RateLimit-Policy: 50;w=1\r\n" + three("RateLimit-", "360"));
    CHECK(told("x-ratelimit-user") ==
          "X-RateLimit-UserLimit: 50\r\nX-RateLimit-UserRemaining: 0\r\nX-RateLimit-UserReset: 784112137000\r\n");
    CHECK(told("x-ratelimit@short") == three("X-RateLimit-", "360", "-short"));
    CHECK(told("retry-after@short") == "Retry-After-short: 360\r\n");
    CHECK(told("x-retry-in") == "X-Retry-In: 6m0s\r\n");
    CHECK(told("retry-after:window") == "Retry-After: 1\r\n");
    CHECK(told("x-ratelimit:epoch:window").ends_with("Reset: 784111778\r\n"));
    CHECK(told("ratelimit:one") == three("RateLimit-", "1"));
    CHECK(told("envoy") == "x-ratelimit-limit: 50, 50;w=1\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 360\r\n");
    CHECK(told("spring") ==
          "X-RateLimit-Remaining: 0\r\nX-RateLimit-Burst-Capacity: 50\r\nX-RateLimit-Replenish-Rate: 50.00\r\n"
          "X-RateLimit-Requested-Tokens: 1\r\n");
    CHECK(told("hubspot") ==
          "X-HubSpot-RateLimit-Max: 50\r\nX-HubSpot-RateLimit-Remaining: 0\r\n"
          "X-HubSpot-RateLimit-Interval-Milliseconds: 1000\r\n");
}

TEST_CASE("a field for refusals can be on all answers") {
    CHECK(told("retry-after-ms", {}, false) == "");
    CHECK(told("retry-after-ms:always", {}, false) == "retry-after-ms: 360000\r\n");
}

TEST_CASE("an unknown dialect is refused with a list of all") {
    for (const char* text : {"", "x", "draft:date", "x-ratelimit:", "x-ratelimit:days", "retry-after,", "none,draft",
                             "x-ratelimit@", "x-ratelimit:up:", "retry-after:date:exact", "draft-8:ms"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_dialects(text), Error);
    }
    CHECK_THROWS_WITH_AS(parse_dialects("x-limits"), doctest::Contains("x-rate-limit"), Error);
    CHECK_FALSE(Lie::named("white"));
}
