#include "plait/batch/output/result_filter.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::batch;

namespace {

constexpr std::string_view rejected =
    R"({"custom_id":"row-17","line":17,"outcome":"rejected","response":{"status_code":404,"request_id":null,"headers":{},)"
    R"("body":{"status_code":1,"error":"x"}},"error":null,"attempts":[{"n":1,"status_code":500,"start_ms":10,"total_ms":5},)"
    R"({"n":2,"status_code":500,"start_ms":100,"total_ms":5.5},{"n":3,"status_code":404,"start_ms":200,"total_ms":50.5}],)"
    R"("metadata":{"line":3}})";

constexpr std::string_view failed =
    R"({"custom_id":"a \"b\"","line":2,"outcome":"failed","response":null,"error":{"code":"connect","message":"no",)"
    R"("retryable":true,"maybe_sent":false},"attempts":[],"metadata":null})";

bool matches(std::string_view filter, std::string_view line) {
    ResultFactsReader reader;
    return ResultFilter(filter).matches(reader.read(line));
}

std::string refusal_of(std::string_view filter) {
    try {
        const ResultFilter parsed(filter);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "not refused";
}

}  // namespace

TEST_CASE("the facts of a result are read from its line") {
    ResultFactsReader reader;
    const ResultFacts facts = reader.read(rejected);
    CHECK(facts.custom_id == "row-17");
    CHECK(facts.line == 17);
    CHECK(facts.outcome == Outcome::rejected);
    CHECK(facts.status_code == 404);
    CHECK_FALSE(facts.error);
    CHECK(facts.attempts == 3);
    CHECK(facts.total_ms == 240.5);
    const ResultFacts other = reader.read(failed);
    CHECK(other.custom_id == "a \"b\"");
    CHECK_FALSE(other.status_code);
    CHECK(other.error == "connect");
    CHECK_FALSE(other.total_ms);
}

TEST_CASE("comparisons are evaluated") {
    for (const char* filter : {"status_code == 404", "status_code != 500", "attempts>2", "attempts >= 3",
                               "attempts <= 3", "line < 18", "total_ms > 240.4", "outcome == 'rejected'",
                               "outcome != \"ok\"", "custom_id == 'row-17'", "custom_id < 'row-2'"}) {
        CAPTURE(filter);
        CHECK(matches(filter, rejected));
        CHECK_FALSE(matches(std::string("not ") + filter, rejected));
    }
}

TEST_CASE("a field that a result does not have differs from everything") {
    for (const char* filter : {"status_code == 0", "status_code < 500", "status_code >= 0", "total_ms < 1"}) {
        CAPTURE(filter);
        CHECK_FALSE(matches(filter, failed));
    }
    CHECK(matches("status_code != 404", failed));
    CHECK(matches("error != 'connect'", rejected));
}

TEST_CASE("parentheses bind most tightly, then not, then and, then or") {
    CHECK(matches("line == 17 or line == 1 and line == 2", rejected));
    CHECK_FALSE(matches("(line == 17 or line == 1) and line == 2", rejected));
    CHECK_FALSE(matches("not line == 17 or line == 2", rejected));
    CHECK_FALSE(matches("not (line == 17 or line == 2)", rejected));
    CHECK(matches("not not line == 17", rejected));
}

TEST_CASE("the error of a filter names the column and what was expected there") {
    CHECK(
        refusal_of("size = 404") ==
        "'size = 404', column 1: expected a field (outcome, status_code, error, attempts, total_ms, custom_id, line), "
        "not 'size = 404'");
    CHECK(refusal_of("statuscode = 404").find("column 1: expected a field such as status_code (") != std::string::npos);
    CHECK(refusal_of("line = 4") == "'line = 4', column 6: expected ==, !=, <=, >=, <, >, not '= 4'");
    CHECK(refusal_of("outcome == failed") ==
          "'outcome == failed', column 12: expected a text in quotes, because outcome is one, not 'failed'");
    CHECK(
        refusal_of("outcome == 'fail'")
            .starts_with("'outcome == 'fail'', column 12: expected one of the outcomes ok, rejected, failed, unknown"));
    CHECK(refusal_of("line == 1x") == "'line == 1x', column 9: expected a number, not '1x'");
    CHECK(refusal_of("line == 1 line == 2") ==
          "'line == 1 line == 2', column 11: expected 'and', 'or' or the end, not 'line == 2'");
    CHECK(refusal_of("(line == 1") == "'(line == 1', column 11: expected ')', not the end");
    CHECK(refusal_of(" ").starts_with("' ', column 2: expected a field ("));
    CHECK(refusal_of("error == 'x") ==
          "'error == 'x', column 10: expected a text with a quote on both sides, not ''x'");
    CHECK(refusal_of(std::string(1000, '(')).find("something less nested") != std::string::npos);
}

TEST_CASE("a line that is not a result is refused") {
    ResultFactsReader reader;
    CHECK_THROWS_AS(reader.read("hello"), Error);
    CHECK_THROWS_AS(reader.read(R"({"custom_id":"a","line":1,"outcome":"good"})"), Error);
    CHECK_THROWS_AS(reader.read(R"({"custom_id":"a","line":"1"})"), Error);
}
