#include "plait/report/results_reader.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using namespace plait;
using namespace plait::report;
using namespace std::chrono_literals;

constexpr std::string_view first_line =
    R"({"custom_id":"a","line":1,"outcome":"ok","response":{"status_code":200,"http_version":"2","request_id":null,"headers":{},"body":{"attempts":[{"start_ms":-1}]}},"error":null,"attempts":[{"n":1,"status_code":200,"start_ms":0.5,"total_ms":10,"dns_ms":1,"connect_ms":2,"tls_ms":0,"send_ms":0.1,"wait_ms":5,"receive_ms":0.9,"reused":false}],"metadata":null})";
constexpr std::string_view second_line =
    R"({"custom_id":"b","line":2,"outcome":"failed","response":null,"error":{"code":"timeout","message":"","retryable":true,"maybe_sent":false},"attempts":[{"n":1,"error":"timeout","start_ms":4,"total_ms":3}],"metadata":null})";
constexpr std::string_view bad_line =
    R"({"custom_id":"c","line":3,"outcome":"failed","response":null,"error":{"code":"bad_input","message":"","retryable":false,"maybe_sent":false},"attempts":[],"metadata":null})";

const std::string three_lines = fmt::format("{}\n{}\n{}\n", first_line, second_line, bad_line);

Timeline timeline_of(const std::string& text) {
    std::istringstream input(text);
    return read_results(input, "r.jsonl");
}

std::string error_of(const std::string& text) {
    try {
        (void)timeline_of(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return {};
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string attempt_from(int start_ms, int total_ms) {
    return fmt::format(
        R"({{"custom_id":"x","line":1,"outcome":"ok","attempts":[{{"n":1,"status_code":200,"start_ms":{},"total_ms":{}}}]}})"
        "\n",
        start_ms, total_ms);
}

}  // namespace

TEST_CASE("results in the form of Gemini's have the result in their metadata") {
    const std::string own =
        R"({\"custom_id\":\"a\",\"line\":1,\"outcome\":\"ok\",\"attempts\":[{\"n\":1,)"
        R"(\"status_code\":200,\"start_ms\":0.5,\"total_ms\":10}],\"response\":{\"http_version\":\"2\"}})";
    const std::string line = R"({"key":"a","response":{"x":"y"},"metadata":{"mine":"1","plait":")" + own + R"("}})";
    const Timeline timeline = timeline_of(line + "\n" + line + "\n");
    REQUIRE(timeline.spans.size() == 2);
    CHECK(timeline.spans[0].name == "a");
    CHECK(timeline.spans[0].length == 10ms);
    CHECK(timeline.answers.at("2") == 2);
    CHECK(error_of(R"({"key":"a","request":{}})").find("is a file of requests") != std::string::npos);
    CHECK(error_of(R"({"key":"a","request":{"parts":[{"functionResponse":{"response":{}}}]}})")
              .find("is a file of requests") != std::string::npos);
    CHECK(error_of(R"({"key":"a","response":{}})").find("is neither a trace nor a results file") != std::string::npos);
}

TEST_CASE("results give a timeline of what their attempts waited for") {
    const Timeline timeline = timeline_of(three_lines);
    CHECK(timeline.command == "results");
    CHECK(timeline.method.empty());
    CHECK_FALSE(timeline.is_cut);
    CHECK(timeline.length == 10500us);
    CHECK(timeline.outcomes.at("ok") == 1);
    CHECK(timeline.outcomes.at("failed") == 2);
    CHECK(timeline.answers == std::map<std::string, std::uint64_t>{{"2", 1}});
    REQUIRE(timeline.lanes.size() == 1);
    CHECK(timeline.lanes[0].kind == "unknown");
    CHECK(timeline.lanes[0].rows == 2);
    REQUIRE(timeline.spans.size() == 2);

    const Span& whole = timeline.spans[0];
    CHECK(whole.name == "a");
    CHECK(whole.result == "200");
    CHECK(whole.ok);
    CHECK(whole.begin == 500us);
    CHECK(whole.length == 10ms);
    using trace::Activity;
    const std::vector<trace::Segment> expected{{Activity::other, 1ms},      {Activity::dns, 1ms},
                                               {Activity::connect, 2ms},    {Activity::sending, 100us},
                                               {Activity::first_byte, 5ms}, {Activity::body, 900us}};
    CHECK(whole.segments == expected);

    const Span& failed = timeline.spans[1];
    CHECK(failed.result == "timeout");
    CHECK_FALSE(failed.ok);
    CHECK(failed.line == 2);
    CHECK(failed.row == 1);
    CHECK(failed.segments == std::vector<trace::Segment>{{Activity::other, 3ms}});
}

TEST_CASE("overlapping attempts are put into the lowest free row") {
    const Timeline timeline =
        timeline_of(attempt_from(20, 5) + attempt_from(0, 10) + attempt_from(5, 30) + attempt_from(10, 4));
    std::vector<std::uint32_t> rows;
    for (const Span& span : timeline.spans) rows.push_back(span.row);
    CHECK(rows == std::vector<std::uint32_t>{0, 1, 0, 0});
    CHECK(timeline.lanes[0].rows == 2);
}

TEST_CASE("each attempt of a call is a span of its own") {
    const Timeline timeline = timeline_of(
        R"({"custom_id":"x","line":1,"outcome":"ok","attempts":[{"n":1,"status_code":503,"start_ms":0,"total_ms":1},{"n":2,"status_code":200,"start_ms":5,"total_ms":1}]})"
        "\n");
    REQUIRE(timeline.spans.size() == 2);
    CHECK_FALSE(timeline.spans[0].ok);
    CHECK(timeline.spans[1].attempt == 2);
    CHECK(timeline.spans[1].ok);
}

TEST_CASE("a torn last result line is skipped") {
    const std::string second_begins = std::string(first_line) + "\n";
    for (std::size_t size = 1; size < second_line.size(); ++size) {
        const Timeline timeline = timeline_of(second_begins + std::string(second_line.substr(0, size)));
        CHECK(timeline.spans.size() == 1);
        CHECK(timeline.is_cut);
    }
}

TEST_CASE("results with changed bytes are read or refused") {
    std::mt19937 random(20261123);
    for (int round = 0; round < 1000; ++round) {
        std::string text = three_lines;
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        try {
            (void)timeline_of(text);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
        }
    }
}

TEST_CASE("a bad line among results is refused with its number") {
    const auto second = [](std::string_view line) { return fmt::format("{}\n{}\n", first_line, line); };
    CHECK(has(error_of(second("{\"custom_id\":")), "read r.jsonl: line 2: "));
    CHECK(has(error_of(second(R"({"a":1})")), "line 2: \"attempts\" is missing"));
    CHECK(has(error_of(second(R"({"attempts":17})")), "line 2: \"attempts\" must be a list"));
    CHECK(has(error_of(second(R"({"attempts":[17]})")), "line 2: \"attempts\" must be a list of objects"));
    CHECK(has(error_of(second(R"({"attempts":[{"start_ms":1}]})")), "line 2: \"total_ms\" is missing"));
    CHECK(has(error_of(second(R"({"attempts":[{"start_ms":1e99,"total_ms":1}]})")), "line 2: \"start_ms\" must be"));
    CHECK(has(error_of(second(R"({"attempts":[]} {"attempts":[]})")), "line 2: more follows"));
}

TEST_CASE("every second attempt is dropped when there are too many") {
    std::string text;
    for (int i = 0; i < 1010; ++i) text += attempt_from(i, 1);
    std::istringstream input(text);
    const Timeline timeline = read_results(input, "r.jsonl", 1000);
    CHECK(timeline.one_in == 2);
    CHECK(timeline.spans.size() == 505);
    CHECK(timeline.spans.back().stands_for == 2);
    CHECK(timeline.outcomes.at("ok") == 1010);
    CHECK(timeline.length == 1010ms);
}
