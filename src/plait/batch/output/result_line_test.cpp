#include "plait/batch/output/result_line.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

http::Response answer(std::string_view content_type, std::string body) {
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", content_type}};
    response.body = std::move(body);
    return response;
}

Call call() { return Call("row-17", 17, http::Request("POST", "http://a.b"), R"({"row":17})"); }

constexpr TimePoint begin{};

std::string line_of(const CallEnd& end, BodyFormat format = BodyFormat::automatic) {
    std::string out;
    ResultLineWriter({format}).append(out, call(), end, begin);
    return out;
}

/// Returns the end of a call that was answered at the first attempt.
CallEnd answered(http::Response response) {
    CallEnd end(Outcome::ok);
    AttemptNote& attempt = end.attempts.emplace_back();
    attempt.status = response.status;
    attempt.start = begin + 10200us;
    attempt.total = 310400us;
    attempt.timings = response.timings;
    attempt.reused = response.reused;
    end.response = std::move(response);
    return end;
}

std::string line_of(http::Response response, BodyFormat format = BodyFormat::automatic) {
    return line_of(answered(std::move(response)), format);
}

bool contains(const std::string& text, std::string_view part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the line of an answer has every field") {
    http::Response response = answer("application/json", R"({"data":[]})");
    response.headers.add("X-Request-Id", "req_9");
    response.timings.send = 200us;
    response.timings.wait = 301ms;
    response.timings.receive = 9200us;
    response.reused = true;
    CHECK(
        line_of(response) ==
        R"({"custom_id":"row-17","line":17,"outcome":"ok","id":"row-17","method":"POST","url":"http://a.b/",)"
        R"("response":{"status_code":200,"http_version":"1.1","request_id":"req_9",)"
        R"("headers":{"content-type":"application/json","x-request-id":"req_9"},"body":{"data":[]}},"error":null,)"
        R"("attempts":[{"n":1,"status_code":200,"start_ms":10.200,"total_ms":310.400,"dns_ms":0.000,"connect_ms":0.000,"tls_ms":0.000,)"
        R"("send_ms":0.200,"wait_ms":301.000,"receive_ms":9.200,"reused":true}],"metadata":{"row":17}})"
        "\n");
}

TEST_CASE("the line of a failure has every field") {
    CallEnd end(Outcome::unknown, CallError(ErrorCode::reset, "read a.b:80: \"reset\"", false, true));
    AttemptNote& attempt = end.attempts.emplace_back();
    attempt.error = ErrorCode::reset;
    attempt.start = begin + 10200us;
    attempt.total = 310400us;
    CHECK(line_of(end) ==
          R"({"custom_id":"row-17","line":17,"outcome":"unknown","id":"row-17","method":"POST","url":"http://a.b/",)"
          R"("response":null,"error":{"code":"reset",)"
          R"("message":"read a.b:80: \"reset\"","retryable":false,"maybe_sent":true},)"
          R"("attempts":[{"n":1,"error":"reset","start_ms":10.200,"total_ms":310.400}],"metadata":{"row":17}})"
          "\n");
}

TEST_CASE("every attempt is in the line, with the wait that followed and its reason") {
    CallEnd end = answered(answer("text/plain", ""));
    AttemptNote refused;
    refused.status = 429;
    refused.wait_after = 1200ms;
    refused.why = "retry-after";
    end.attempts.insert(end.attempts.begin(), refused);
    end.attempts.back().copies = 2;
    const std::string line = line_of(end);
    CHECK(contains(line, R"("attempts":[{"n":1,"status_code":429,)"));
    CHECK(contains(line, R"("wait_after_ms":1200.000,"why":"retry-after"},{"n":2,"status_code":200,)"));
    CHECK(contains(line, R"("reused":false,"hedge":"first"}],)"));
    end.attempts.back().second_won = true;
    CHECK(contains(line_of(end), R"("hedge":"second"}],)"));
}

TEST_CASE("an unexpected answer is in the line beside its error") {
    CallEnd end = answered(answer("text/plain", "no"));
    end.outcome = Outcome::rejected;
    end.error.emplace(ErrorCode::expect, "/error is 1, not null");
    CHECK(contains(line_of(end), R"("body_text":"no"},"error":{"code":"expect","message":"/error is 1, not null",)"));
}

TEST_CASE("a call that was never sent has neither answer nor attempts") {
    const CallEnd end(Outcome::skipped, CallError(ErrorCode::budget, "not sent"));
    CHECK(contains(
        line_of(end),
        R"("outcome":"skipped","id":"row-17","method":"POST","url":"http://a.b/","response":null,"error":{"code":"budget",)"));
    CHECK(contains(line_of(end), R"("attempts":[],)"));
}

TEST_CASE("the line of an invalid request has every field") {
    std::string out;
    ResultLineWriter(ResultFormat()).append(out, BadLine("line-3", 3, "line 3: no \"url\""));
    CHECK(out ==
          R"({"custom_id":"line-3","line":3,"outcome":"failed","id":"line-3","method":"","url":"",)"
          R"("response":null,"error":{"code":"bad_input",)"
          R"("message":"line 3: no \"url\"","retryable":false,"maybe_sent":false},"attempts":[],"metadata":null})"
          "\n");
}

TEST_CASE("a body is written as JSON if its type says so and it is valid") {
    for (std::string_view type : {"application/json", "Application/JSON; charset=utf-8", "application/problem+json",
                                  "text/json", "application/vnd.api+json ;a=b"}) {
        CHECK(contains(line_of(answer(type, "[1]")), R"("body":[1])"));
    }
    for (std::string_view type : {"text/plain", "application/jsonl", "application/x-ndjson", "+json"}) {
        CHECK(contains(line_of(answer(type, "[1]")), R"("body_text":"[1]")"));
    }
    CHECK(contains(line_of(answer("application/json", "[1")), R"("body_text":"[1")"));
    CHECK(contains(line_of(answer("application/json", "")), R"("body_text":"")"));
}

TEST_CASE("the codings of a body are named, undone or not") {
    http::Response response = answer("text/plain", "text");
    CHECK_FALSE(contains(line_of(response), "coded"));
    response.coding = "gzip, br";
    CHECK(contains(line_of(response), R"(,"undecoded":"gzip, br","body_text":"text")"));
    response.is_decoded = true;
    CHECK(contains(line_of(response), R"(,"decoded":"gzip, br","body_text":"text")"));
}

TEST_CASE("a body stays on one line") {
    CHECK(contains(line_of(answer("application/json", "{\n  \"a\": \"x y\"\r\n}\n")), R"("body":{"a":"x y"})"));
    CHECK(contains(line_of(answer("text/plain", "a\nb")), R"("body_text":"a\nb")"));
}

TEST_CASE("a body that is not text is written as base64") {
    CHECK(contains(line_of(answer("image/png", "\xff\xd8")), R"("body_base64":"/9g=")"));
    CHECK(contains(line_of(answer("application/json", "\"\xff\"")), R"("body_base64":"Iv8i")"));
}

TEST_CASE("the form of bodies can be chosen") {
    CHECK(contains(line_of(answer("application/json", "[1]"), BodyFormat::text), R"("body_text":"[1]")"));
    CHECK(contains(line_of(answer("image/png", "\xff\xd8"), BodyFormat::text), R"("body_base64":"/9g=")"));
    CHECK(contains(line_of(answer("application/json", "[1]"), BodyFormat::base64), R"("body_base64":"WzFd")"));
}

TEST_CASE("a header that occurs more than once has a list as its value") {
    http::Response response = answer("text/plain", "");
    response.headers = {{"Set-Cookie", "a=1"}, {"X-One", "1"}, {"set-cookie", "b=2"}, {"SET-COOKIE", "c=3"}};
    CHECK(contains(line_of(response), R"("headers":{"set-cookie":["a=1","b=2","c=3"],"x-one":"1"})"));
    response.headers.clear();
    CHECK(contains(line_of(response), R"("request_id":"","headers":{})"));
}

namespace {

/// A call with pages, each got at the second attempt, of which the last is the answer.
CallEnd paged(std::size_t pages) {
    CallEnd end(Outcome::ok);
    end.has_pages = true;
    for (std::size_t n = 1; n <= pages; ++n) {
        end.pages.push_back(answer("application/json", "{\"n\":" + std::to_string(n) + "}"));
        if (n > 1) end.pages.back().url = "http://a.b/" + std::to_string(n);
        for (const char* why : {"back-off", n < pages ? "next-page" : ""}) {
            AttemptNote& note = end.attempts.emplace_back();
            note.status = *why == 'b' ? 500 : 200;
            if (n > 1) note.url = end.pages.back().url;
            note.why = why;
        }
    }
    end.response = answer("application/json", "");
    end.last_is_page = true;
    return end;
}

std::vector<std::string> page_lines_of(const CallEnd& end) {
    ResultFormat format;
    format.each_page = true;
    std::string out;
    ResultLineWriter(format).append(out, call(), end, begin);
    std::vector<std::string> lines;
    std::istringstream text(out);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("a call with pages has them in one line") {
    const std::string line = line_of(paged(2));
    CHECK(contains(line,
                   R"("response":{"status_code":200,"http_version":"1.1","request_id":"","headers":{"content-type":)"
                   R"("application/json"}},"pages":[{"status_code":200)"));
    CHECK(contains(line, R"("body":{"n":1}},{"status_code":200,"http_version":"1.1","request_id":"",)"
                         R"("url":"http://a.b/2")"));
    CHECK(contains(line, R"("body":{"n":2}}],"more_pages":false,"error":null,"attempts":[{"n":1,)"));
}

TEST_CASE("each page is a line, with its attempts") {
    const std::vector<std::string> lines = page_lines_of(paged(3));
    REQUIRE(lines.size() == 3);
    CHECK(contains(lines[0], R"({"custom_id":"row-17","line":17,"outcome":"ok","page":1,"page_count":3,"id":"row-17",)"
                             R"("method":"POST","url":"http://a.b/","response":{"status_code":200)"));
    CHECK(contains(lines[1], R"({"custom_id":"row-17#2","line":17,"outcome":"ok","page":2,"page_count":3,)"
                             R"("id":"row-17#2","method":"GET","url":"http://a.b/2","response":{"status_code":200)"));
    for (const std::string& line : lines) {
        CHECK(contains(line, R"("more_pages":false,"error":null,"attempts":[{"n":1,)"));
        CHECK(contains(line, R"({"n":2,)"));
        CHECK_FALSE(line.find(R"({"n":3,)") != std::string::npos);
        CHECK(contains(line, R"("metadata":{"row":17}})"));
    }
}

TEST_CASE("the last line of pages says what is wrong with the page that did not come") {
    CallEnd end = paged(3);
    end.outcome = Outcome::rejected;
    end.error.emplace(ErrorCode::expect, "page 3: status 404");
    end.response = std::move(end.pages.back());
    end.response->status = 404;
    end.pages.pop_back();
    end.last_is_page = false;
    std::vector<std::string> lines = page_lines_of(end);
    REQUIRE(lines.size() == 3);
    CHECK(contains(lines[1], R"("outcome":"ok","page":2,"page_count":3,)"));
    CHECK(contains(lines[2], R"({"custom_id":"row-17#3","line":17,"outcome":"rejected","page":3,)"));
    CHECK(contains(lines[2], R"("response":{"status_code":404)"));
    CHECK(contains(lines[2], R"("error":{"code":"expect","message":"page 3: status 404")"));

    end.response.reset();
    end.attempts.resize(4);
    end.outcome = Outcome::failed;
    end.has_more_pages = true;
    lines = page_lines_of(end);
    REQUIRE(lines.size() == 3);
    CHECK(contains(lines[2], R"("method":"GET","url":"","response":null,"more_pages":true,"error":{)"));
    CHECK(contains(lines[2], R"("attempts":[])"));
}
