#include "plait/batch/output/internal/result_parts.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

std::string headers_json(const http::Headers& headers) {
    std::string text;
    json::TextWriter out(text);
    batch::internal::append_headers(out, headers);
    out.flush();
    return text;
}

std::string attempts_json(const std::vector<AttemptNote>& attempts, TimePoint begin) {
    std::string text;
    json::TextWriter out(text);
    batch::internal::append_attempts(out, attempts, begin);
    out.flush();
    return text;
}

}  // namespace

TEST_CASE("header names are in lower case, and one that repeats has a list of its values at its first place") {
    http::Headers headers;
    CHECK(headers_json(headers) == "{}");
    headers.add("Set-Cookie", "a=1");
    headers.add("Content-Type", "text/plain");
    headers.add("set-cookie", "b=\"2\"");
    CHECK(headers_json(headers) == R"({"set-cookie":["a=1","b=\"2\""],"content-type":"text/plain"})");
}

TEST_CASE("names that share a bit of the filter are told apart") {
    http::Headers headers;
    headers.add("abc", "1");
    headers.add("axc", "2");  // the same length, first and last letter
    headers.add("ABC", "3");
    CHECK(headers_json(headers) == R"({"abc":["1","3"],"axc":"2"})");
}

TEST_CASE("an attempt says when it began, how it ended and why another one followed") {
    constexpr TimePoint begin{10s};
    std::vector<AttemptNote> attempts(2);
    attempts[0].start = begin + 5ms;
    attempts[0].total = 20ms;
    attempts[0].error = ErrorCode::timeout;
    attempts[0].wait_after = 500ms;
    attempts[0].why = "back-off";
    attempts[1].start = begin + 525ms;
    attempts[1].total = 7ms;
    attempts[1].status = 200;
    attempts[1].timings.wait = 6ms;
    attempts[1].reused = true;
    CHECK(
        attempts_json(attempts, begin) ==
        R"(,"attempts":[{"n":1,"error":"timeout","start_ms":5.000,"total_ms":20.000,"wait_after_ms":500.000,"why":"back-off"},)"
        R"({"n":2,"status_code":200,"start_ms":525.000,"total_ms":7.000,"dns_ms":0.000,"connect_ms":0.000,"tls_ms":0.000,"send_ms":0.000,)"
        R"("wait_ms":6.000,"receive_ms":0.000,"reused":true}])");
    CHECK(attempts_json({}, begin) == R"(,"attempts":[])");
}
