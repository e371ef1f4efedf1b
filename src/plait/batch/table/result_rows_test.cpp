#include "plait/batch/table/result_rows.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::batch;

namespace {

/// The cell of a result line whose answer has this field, in the first selected column.
Cell selected(const char* selection, const std::string& body) {
    static std::string kept;  // texts of cells are valid until the next line is read
    ResultRows rows({parse_selection(selection)});
    const Cell cell = rows.read(R"({"custom_id":"a","line":1,"outcome":"ok","response":{"status_code":200,)" + body +
                                R"(},"error":null,"attempts":[],"metadata":null})")
                          .back();
    kept = cell.text;
    Cell copy = cell;
    copy.text = kept;
    return copy;
}

}  // namespace

TEST_CASE("a text column takes any value: texts as they are, others as JSON") {
    CHECK(selected("x=/a", R"("body":{"a":"\"q\"\n"})").text == "\"q\"\n");
    CHECK(selected("x=/a", R"("body":{"a": 1.50 })").text == "1.50");
    CHECK(selected("x=/a", R"("body":{"a":[1, {"b":2}]})").text == R"([1, {"b":2}])");
    CHECK(selected("x=/a", R"("body":{"a":true})").text == "true");
    CHECK(selected("x=", R"("body":[7])").text == "[7]");
    CHECK(selected("x=", R"("body":7)").text == "7");
    CHECK(selected("x=/a", R"("body_text":"{\"a\":\"\\ud83d\"}")").text == R"("\ud83d")");
}

TEST_CASE("a value of another type is missing, and so is one that is not there") {
    for (const char* body : {R"("body":{"a":"1"})", R"("body":{"b":1})", R"("body":{"a":null})", R"("body":[])",
                             R"("body_text":"no JSON")", R"("body_text":"{\"a\":")", R"("body_base64":"/9g=")"}) {
        CAPTURE(body);
        CHECK(selected("x=/a:number", body).is_missing);
        CHECK(selected("x=/a:bool", body).is_missing);
    }
    CHECK(selected("x=/a", R"("body":{"a":null})").is_missing);
    CHECK(selected("x=/a:number", R"("body":{"a":-1e3})").number == -1000);
    CHECK(selected("x=/a:bool", R"("body":{"a":true})").truth);
}

TEST_CASE("results of older versions have no method and URL") {
    ResultRows rows({});
    const auto cells = rows.read(R"({"custom_id":"a","line":7,"outcome":"failed","response":null,)"
                                 R"("error":{"code":"connect","message":"m"},"attempts":[],"metadata":null})");
    CHECK(cells[1].integer == 7);
    CHECK(cells[3].text.empty());
    CHECK(cells[6].text == "connect");
}

TEST_CASE("the body of a result in Anthropic's form is in its result, unless no answer came") {
    ResultRows rows({parse_selection("text=/text")});
    const auto body = [&rows](const std::string& response, const std::string& result) {
        const auto cells = rows.read(R"({"custom_id":"a","line":1,"outcome":"ok","response":)" + response +
                                     R"(,"result":)" + result + R"(,"error":null,"attempts":[],"metadata":null})");
        return std::string(cells[10].text) + "|" + std::string(cells.back().text);
    };
    CHECK(body(R"({"status_code":200})", R"({"type":"succeeded","message":{"text":"hi"}})") == R"({"text":"hi"}|hi)");
    CHECK(body(R"({"status_code":529})", R"({"type":"errored","error":{"text":7}})") == R"({"text":7}|7)");
    CHECK(body(R"({"status_code":413,"body":{"text":1}})", R"({"type":"errored","error":{"text":7}})") ==
          R"({"text":1}|1)");
    CHECK(body("null", R"({"type":"errored","error":{"text":7}})") == "|");
}

TEST_CASE("a line that is no result is refused") {
    ResultRows rows({});
    for (const char* line : {"", "[]", "{\"line\":\"x\"}", "{\"line\":1"}) {
        CAPTURE(line);
        CHECK_THROWS_WITH_AS(rows.read(line), doctest::Contains("not a result line"), Error);
    }
}

TEST_CASE("the body of a call with pages is a list of their bodies") {
    ResultRows rows({parse_selection("n=/1/n:number")});
    const auto cells = rows.read(
        R"({"custom_id":"a","line":1,"outcome":"ok","response":{"status_code":200,"headers":{}},"pages":[)"
        R"({"status_code":200,"headers":{},"body":{"n":1}},{"status_code":200,"headers":{},"body":{"n":2}},)"
        R"({"status_code":200,"headers":{},"body_text":"x"}],"more_pages":false,"error":null,"attempts":[]})");
    CHECK(cells[10].text == R"([{"n":1},{"n":2},"x"])");
    CHECK(cells.back().number == 2);
    CHECK(cells[5].integer == 200);
}
