#include "plait/base/error.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;

namespace {

CallEnd answered(Outcome outcome, int status, std::string body, std::string_view type = "application/json") {
    CallEnd end(outcome);
    http::Response response;
    response.status = status;
    response.headers = {{"Content-Type", type}};
    response.body = std::move(body);
    end.response = std::move(response);
    end.attempts.emplace_back().status = status;
    return end;
}

CallEnd unanswered(Outcome outcome, ErrorCode code) { return {outcome, CallError(code, "it \"failed\"")}; }

std::string line_of(BatchFormat format, const CallEnd& end, std::string metadata = {}) {
    ResultFormat results;
    results.batch = format;
    std::string out;
    ResultLineWriter(results).append(out, Call("a\"1", 7, http::Request("POST", "http://a.b"), std::move(metadata)),
                                     end, TimePoint());
    return out;
}

/// What stands between these two texts.
std::string between(const std::string& line, std::string_view begin, std::string_view end) {
    CAPTURE(line);
    const auto first = line.find(begin);
    REQUIRE(first != std::string::npos);
    const auto last = line.find(end, first + begin.size());
    REQUIRE(last != std::string::npos);
    return line.substr(first + begin.size(), last - first - begin.size());
}

std::string anthropic(const CallEnd& end) {
    return between(line_of(BatchFormat::anthropic, end),
                   ",\"result\":", end.error ? ",\"error\":{\"code\"" : ",\"error\":null");
}

std::string gemini(const CallEnd& end) {
    return between(line_of(BatchFormat::gemini, end), "{\"key\":\"a\\\"1\",", ",\"metadata\":");
}

/// The results as they are read back, each as plait's own line.
std::vector<std::string> read_back(const std::string& text) {
    std::vector<std::string> lines;
    const UniqueFd file = memory_file(text);
    for_each_result(file.get(), "test", [&](const ResultView& result) {
        CHECK(result.custom_id == "a\"1");
        CHECK(result.line == 7);
        lines.emplace_back(result.text);
    });
    return lines;
}

constexpr std::string_view message = R"({"type": "message","content":[]})";

}  // namespace

TEST_CASE("a message is the result of a line for Anthropic's classes, and is not there twice") {
    const std::string line = line_of(BatchFormat::anthropic, answered(Outcome::ok, 200, std::string(message)));
    CHECK(between(line, ",\"result\":", ",\"error\":null") ==
          R"({"type":"succeeded","message":{"type": "message","content":[]}})");
    CHECK(line.find("\"body") == std::string::npos);
    CHECK(line.starts_with(R"({"custom_id":"a\"1","line":7,"outcome":"ok","id":)"));
}

TEST_CASE("an error of Anthropic's API is the result if its classes know the type, else the nearest that they know") {
    const std::string known = R"({"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"})";
    CHECK(anthropic(answered(Outcome::rejected, 529, known)) == R"({"type":"errored","error":)" + known + "}");

    const std::string too_large = R"({"type":"error","error":{"type":"request_too_large","message":"big"}})";
    const std::string line = line_of(BatchFormat::anthropic, answered(Outcome::rejected, 413, too_large));
    CHECK(between(line, ",\"result\":", ",\"error\":null") ==
          R"({"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"big"}}})");
    CHECK(line.find("\"body\":" + too_large) != std::string::npos);
}

TEST_CASE("each status is an error that Anthropic's classes know") {
    const std::vector<std::pair<int, std::string>> types{{400, "invalid_request_error"},
                                                         {401, "authentication_error"},
                                                         {402, "billing_error"},
                                                         {403, "permission_error"},
                                                         {404, "not_found_error"},
                                                         {408, "timeout_error"},
                                                         {413, "invalid_request_error"},
                                                         {429, "rate_limit_error"},
                                                         {500, "api_error"},
                                                         {503, "overloaded_error"},
                                                         {504, "timeout_error"},
                                                         {529, "overloaded_error"},
                                                         {302, "api_error"}};
    for (const auto& [status, expected] : types) {
        CAPTURE(status);
        CHECK(between(anthropic(answered(Outcome::rejected, status, "no", "text/html")),
                      R"("error":{"type":"error","error":{"type":")", "\"") == expected);
    }
    CHECK(anthropic(answered(Outcome::rejected, 302, "")).find("the server answered 302") != std::string::npos);
}

TEST_CASE("a call without an answer is errored, canceled or expired for Anthropic's classes") {
    const auto errored = [](std::string_view type) {
        return R"({"type":"errored","error":{"type":"error","error":{"type":")" + std::string(type) +
               R"(","message":"it \"failed\""}}})";
    };
    CHECK(anthropic(unanswered(Outcome::unknown, ErrorCode::timeout)) == errored("timeout_error"));
    CHECK(anthropic(unanswered(Outcome::failed, ErrorCode::connect)) == errored("api_error"));
    CHECK(anthropic(unanswered(Outcome::failed, ErrorCode::bad_input)) == errored("invalid_request_error"));
    CHECK(anthropic(unanswered(Outcome::failed, ErrorCode::rate_limited)) == errored("rate_limit_error"));
    CHECK(anthropic(unanswered(Outcome::skipped, ErrorCode::budget)) == R"({"type":"canceled"})");
    CHECK(anthropic(unanswered(Outcome::unknown, ErrorCode::deadline)) == R"({"type":"expired"})");
}

TEST_CASE("an ok answer that is no message is errored for Anthropic's classes, and its body is kept") {
    for (const auto& [body, type, kept] : std::vector<std::tuple<std::string, std::string, std::string>>{
             {"hello", "text/plain", R"("body_text":"hello")"},
             {R"({"a":1})", "application/json", R"("body":{"a":1})"},
             {R"({"type":"message","a":"\ud83d"})", "application/json", R"("body_text":"{\"type)"}}) {
        const std::string line = line_of(BatchFormat::anthropic, answered(Outcome::ok, 200, body, type));
        CAPTURE(line);
        CHECK(line.find(R"("type":"api_error","message":"the body of the answer is not a message in JSON")") !=
              std::string::npos);
        CHECK(line.find(kept) != std::string::npos);
        CHECK(line.find(R"("outcome":"ok")") != std::string::npos);
    }
}

TEST_CASE("an object is the response of a line for Gemini's classes") {
    CHECK(gemini(answered(Outcome::ok, 200, R"({"candidates": []})")) == R"("response":{"candidates": []})");
    CHECK(gemini(answered(Outcome::ok, 200, "[1]")) ==
          R"("error":{"code":13,"message":"the body of the answer is not an object in JSON"})");
    CHECK(gemini(answered(Outcome::rejected, 400, R"({"error":{"code":400,"message":"m","status":"OUT_OF_RANGE"}})")) ==
          R"("error":{"code":11,"message":"m"})");
    CHECK(gemini(answered(Outcome::rejected, 429, "")) == R"("error":{"code":8,"message":"the server answered 429"})");
    CHECK(gemini(unanswered(Outcome::unknown, ErrorCode::deadline)) ==
          R"("error":{"code":4,"message":"it \"failed\""})");
    CHECK(gemini(unanswered(Outcome::skipped, ErrorCode::budget)) == R"("error":{"code":1,"message":"it \"failed\""})");
    CHECK(gemini(unanswered(Outcome::failed, ErrorCode::connect)) ==
          R"("error":{"code":14,"message":"it \"failed\""})");
}

TEST_CASE("metadata of a request stays in Gemini's line, beside what plait says") {
    const CallEnd end = unanswered(Outcome::failed, ErrorCode::connect);
    CHECK(line_of(BatchFormat::gemini, end, R"({"a": "}" })").find(R"("metadata":{"a": "}" ,"plait":"{)") !=
          std::string::npos);
    CHECK(line_of(BatchFormat::gemini, end, "{ }").find(R"("metadata":{"plait":"{)") != std::string::npos);
}

TEST_CASE("results in a vendor's form are read back as plait's own") {
    const std::vector<CallEnd> ends{answered(Outcome::ok, 200, std::string(message)),
                                    answered(Outcome::rejected, 413, R"({"error":{"message":"big"}})"),
                                    answered(Outcome::ok, 200, "text", "text/plain"),
                                    unanswered(Outcome::unknown, ErrorCode::timeout)};
    std::string own, of_gemini, of_anthropic;
    for (const CallEnd& end : ends) {
        own += line_of(BatchFormat::plait, end);
        of_gemini += line_of(BatchFormat::gemini, end);
        of_anthropic += line_of(BatchFormat::anthropic, end);
    }
    CHECK(read_back(of_anthropic).size() == 4);
    const std::vector<std::string> read = read_back(of_gemini);
    REQUIRE(read.size() == 4);
    CHECK(read[0].ends_with(
        R"("headers":{"content-type":"application/json"},"body":{"type": "message","content":[]}}})"));
    CHECK(read[1].ends_with(R"("body":{"error":{"message":"big"}}}})"));
    CHECK(read[2].ends_with(R"("body_text":"text"}})"));
    CHECK(read[3].ends_with(R"("response":null})"));
    CHECK(own == line_of(BatchFormat::openai, ends[0]) + line_of(BatchFormat::mistral, ends[1]) +
                     line_of(BatchFormat::openai, ends[2]) + line_of(BatchFormat::mistral, ends[3]));
}

TEST_CASE("an invalid line has a result in each form") {
    for (const BatchFormat format : {BatchFormat::anthropic, BatchFormat::gemini}) {
        ResultFormat results;
        results.batch = format;
        std::string out;
        ResultLineWriter(results).append(out, BadLine("a\"1", 7, "line 7: no"));
        const std::vector<std::string> lines = read_back(out);
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].find(R"("code":"bad_input","message":"line 7: no")") != std::string::npos);
    }
}

TEST_CASE("a line of Gemini's that plait did not write is not a result") {
    const UniqueFd file = memory_file("{\"key\":\"a\",\"response\":{}}\n");
    CHECK_THROWS_AS(for_each_result(file.get(), "test", [](const ResultView&) {}), Error);
}

TEST_CASE("a line of Gemini's with changed bytes is read or refused") {
    const std::string line = line_of(BatchFormat::gemini, answered(Outcome::ok, 200, R"({"candidates":[{"a":1}]})"));
    for (std::size_t at = 0; at + 1 < line.size(); ++at) {
        for (const char changed : {'"', '}', '\\', ','}) {
            std::string other = line;
            other[at] = changed;
            const UniqueFd file = memory_file(other);
            try {
                for_each_result(file.get(), "test", [](const ResultView& result) { CHECK(result.line > 0); });
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::bad_input);
            }
        }
    }
}
