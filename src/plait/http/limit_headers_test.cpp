#include "plait/http/limit_headers.hpp"

#include <doctest/doctest.h>

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

/// A notice as a line: `tokens from x-ratelimit-remaining: limit 100, remaining 5, reset 360s, window 60s`.
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
         "requests from ratelimit: limit 100 remaining 50 reset 30s window 60s\n"},
        {"two policies, one of them told",
         {{"RateLimit-Policy", R"("burst";q=100;w=60, "daily";q=1000;w=86400)"}, {"RateLimit", R"("daily";r=7;t=3600)"}},
         "requests from ratelimit-policy burst: limit 100 window 60s\n"
         "requests from ratelimit daily: limit 1000 remaining 7 reset 3600s window 86400s\n"},
        {"a policy of another unit, with a partition key",
         {{"RateLimit-Policy", R"("peruser";q=65535;qu="content-bytes";w=10;pk=:sdfjLJUOUH==:)"}, {"RateLimit", R"("peruser";r=65;t=1;pk=:AA==:)"}},
         "content-bytes from ratelimit: limit 65535 remaining 65 reset 1s window 10s\n"},
        {"a policy that counts what is in flight is no rate",
         {{"RateLimit-Policy", R"("c";q=5;qu="concurrent-requests")"}, {"RateLimit", R"("c";r=2)"}},
         ""},
        {"names as tokens, and nothing told of the reset",
         {{"RateLimit", "default;r=0"}},
         "requests from ratelimit: remaining 0\n"},
        {"the IETF's, draft 7",
         {{"RateLimit-Policy", "100;w=60"}, {"RateLimit", "limit=100, remaining=50, reset=5"}},
         "requests from ratelimit-policy #0: limit 100 window 60s\n"
         "requests from ratelimit: limit 100 remaining 50 reset 5s\n"},
        {"the IETF's, draft 6",
         {{"RateLimit-Limit", "100, 10;w=1, 100;w=3600"}, {"RateLimit-Remaining", "99"}, {"RateLimit-Reset", "50"}},
         "requests from ratelimit-remaining: limit 100 remaining 99 reset 50s window 3600s\n"},
        {"GitHub",
         {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "4999"}, {"x-ratelimit-reset", "1795473600"}, {"x-ratelimit-used", "1"}, {"x-ratelimit-resource", "core"}},
         "requests from x-ratelimit-remaining: limit 5000 remaining 4999 reset 2400s\n"},
        {"X",
         {{"x-rate-limit-limit", "15"}, {"x-rate-limit-remaining", "0"}, {"x-rate-limit-reset", "1795471260"}},
         "requests from x-rate-limit-remaining: limit 15 remaining 0 reset 60s\n"},
        {"milliseconds since 1970",
         {{"X-RateLimit-Limit", "20"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471201500"}},
         "requests from x-ratelimit-remaining: limit 20 remaining 0 reset 1.5s\n"},
        {"Discord",
         {{"X-RateLimit-Limit", "5"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795471261.25"}, {"X-RateLimit-Reset-After", "1.25"}, {"X-RateLimit-Bucket", "abcd1234"}},
         "requests from x-ratelimit-remaining: limit 5 remaining 0 reset 1.25s\n"},
        {"a date",
         {{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Reset", "Mon, 23 Nov 2026 22:00:09 GMT"}},
         "requests from x-ratelimit-remaining: remaining 3 reset 9s\n"},
        {"OpenAI",
         {{"x-ratelimit-limit-requests", "60"}, {"x-ratelimit-limit-tokens", "150000"}, {"x-ratelimit-remaining-requests", "59"},
          {"x-ratelimit-remaining-tokens", "149984"}, {"x-ratelimit-reset-requests", "1s"}, {"x-ratelimit-reset-tokens", "6m0s"}},
         "requests from x-ratelimit-remaining-requests: limit 60 remaining 59 reset 1s\n"
         "tokens from x-ratelimit-remaining-tokens: limit 150000 remaining 149984 reset 360s\n"},
        {"OpenAI, parts of a second",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1h2m3.5s"}, {"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "120ms"}},
         "tokens from x-ratelimit-remaining-tokens: remaining 0 reset 3723.5s\n"
         "requests from x-ratelimit-remaining-requests: remaining 0 reset 0.12s\n"},
        {"Anthropic",
         {{"anthropic-ratelimit-requests-limit", "50"}, {"anthropic-ratelimit-requests-remaining", "49"}, {"anthropic-ratelimit-requests-reset", "2026-11-23T22:00:30Z"},
          {"anthropic-ratelimit-input-tokens-limit", "40000"}, {"anthropic-ratelimit-input-tokens-remaining", "0"}, {"anthropic-ratelimit-input-tokens-reset", "2026-11-23T22:01:00Z"}},
         "requests from anthropic-ratelimit-requests-remaining: limit 50 remaining 49 reset 30s\n"
         "input-tokens from anthropic-ratelimit-input-tokens-remaining: limit 40000 remaining 0 reset 60s\n"},
        {"windows in the names",
         {{"X-RateLimit-Limit-Minute", "20"}, {"X-RateLimit-Remaining-Minute", "19"}, {"X-RateLimit-Limit-Hour", "500"}, {"X-RateLimit-Remaining-Hour", "0"}},
         "requests from x-ratelimit-remaining-minute: limit 20 remaining 19 window 60s\n"
         "requests from x-ratelimit-remaining-hour: limit 500 remaining 0 window 3600s\n"},
        {"units and windows in the names",
         {{"x-ratelimit-limit-tokens-minute", "60000"}, {"x-ratelimit-remaining-tokens-minute", "59000"}, {"x-ratelimit-reset-tokens-minute", "33.011"}},
         "tokens from x-ratelimit-remaining-tokens-minute: limit 60000 remaining 59000 reset 33.011s window 60s\n"},
        {"a reset in the past is over",
         {{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Reset", "1795471100"}},
         "requests from x-ratelimit-remaining: remaining 3 reset 0s\n"},
        {"a server whose clock is an hour ahead of ours",
         {{"Date", "Mon, 23 Nov 2026 23:00:00 GMT"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795474830"}},
         "requests from x-ratelimit-remaining: remaining 0 reset 30s\n"},
        {"some fields are nonsense, the others hold",
         {{"X-RateLimit-Limit", "a lot"}, {"X-RateLimit-Remaining", "12"}, {"X-RateLimit-Reset", "soon"}},
         "requests from x-ratelimit-remaining: remaining 12\n"},
    };
    return all;
}
// clang-format on

}  // namespace

TEST_CASE("each dialect of limits is understood") {
    for (const Dialect& dialect : dialects()) {
        CAPTURE(dialect.whose);
        CHECK(lines_of(read_limit_headers(dialect.headers, now)) == dialect.says);
    }
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

TEST_CASE("whatever bytes come the values stay in their bounds") {
    std::mt19937_64 random(1);
    const std::vector<std::string> names{"RateLimit",
                                         "RateLimit-Policy",
                                         "RateLimit-Limit",
                                         "X-RateLimit-Remaining",
                                         "X-Rate-Limit-Reset-Tokens",
                                         "Retry-After",
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

TEST_CASE("a server that names a thousand limits is heard for the first of them") {
    Headers headers;
    std::string list;
    for (int i = 0; i < 1000; ++i) {
        headers.add("x-ratelimit-remaining-u" + std::to_string(i), "5");
        list += (i ? ", \"p" : "\"p") + std::to_string(i) + "\";q=1";
    }
    headers.add("RateLimit-Policy", list);
    CHECK(read_limit_headers(headers, now).notices.size() == most_notices);
}
