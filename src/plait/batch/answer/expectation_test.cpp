#include "plait/batch/answer/expectation.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;

namespace {

http::Response answer(int status, std::string body = {}) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

/// Returns what this one rule finds wrong with `body`.
std::string unmet(std::string_view rule, std::string body) {
    return Expectation::parse(R"({"json":[)" + std::string(rule) + "]}").unmet_by(answer(200, std::move(body)));
}

bool is_met(std::string_view rule, std::string body) { return unmet(rule, std::move(body)).empty(); }

std::string fault_of(std::string_view text) {
    try {
        Expectation::parse(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("without a status any 2xx is expected") {
    const Expectation expectation = Expectation::parse("{}");
    CHECK(expectation.unmet_by(answer(200)).empty());
    CHECK(expectation.unmet_by(answer(299)).empty());
    CHECK(expectation.unmet_by(answer(301)) == "status 301 is not 2xx");
}

TEST_CASE("a status is a code, a class, a range, or a list of those") {
    const auto meets = [](std::string_view status, int code) {
        return Expectation::parse(R"({"status":)" + std::string(status) + "}").unmet_by(answer(code)).empty();
    };
    CHECK(meets("404", 404));
    CHECK_FALSE(meets("404", 200));
    CHECK(meets(R"("204")", 204));
    CHECK(meets(R"("4xx")", 499));
    CHECK_FALSE(meets(R"("4xx")", 500));
    CHECK(meets(R"("200-204")", 204));
    CHECK_FALSE(meets(R"("200-204")", 205));
    CHECK(meets(R"(["2xx",404,"500-503"])", 404));
    CHECK(meets(R"(["2xx",404,"500-503"])", 501));
    CHECK(Expectation::parse(R"({"status":["2xx",404]})").unmet_by(answer(500)) == "status 500 is not 2xx or 404");
}

TEST_CASE("the body is not read when only the status matters") {
    CHECK(Expectation::parse(R"({"status":"2xx"})").unmet_by(answer(200, "{ no JSON")).empty());
}

TEST_CASE("a value in the answer is found by its path") {
    const std::string body = R"({"data":[{"id":17},{"a/b":{"m~n":true}}],"":{"":0},"\u00e9":1, "7":"seven"})";
    CHECK(is_met(R"({"path":"/data/0/id","is":17})", body));
    CHECK(is_met(R"({"path":"/data/1/a~1b/m~0n","is":true})", body));
    CHECK(is_met(R"({"path":"//","is":0})", body));
    CHECK(is_met("{\"path\":\"/\xc3\xa9\",\"is\":1}", body));
    CHECK(is_met(R"({"path":"/7","is":"seven"})", body));
    CHECK(is_met(R"({"path":"","is":12})", " 12 "));
    for (const char* path :
         {"/data/2", "/data/00", "/data/-", "/data/-1", "/data/x", "/data/0/id/x", "/Data", "/data/"}) {
        CAPTURE(path);
        CHECK(is_met(R"({"path":")" + std::string(path) + R"(","exists":false})", body));
    }
}

TEST_CASE("values are compared by value, not by how they are written") {
    CHECK(is_met(R"({"path":"/a","is":{"x":1,"y":[1.50,"\u00e9"]}})",
                 "{\"a\":{ \"y\":[15e-1,\"\xc3\xa9\"], \"x\":1.0 }}"));
    CHECK(is_met(R"({"path":"/a","is":100})", R"({"a":1e2})"));
    CHECK(is_met(R"({"path":"/a","is":"/"})", R"({"a":"\/"})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":1})", R"({"a":"1"})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":true})", R"({"a":"true"})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":[1,2]})", R"({"a":[2,1]})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":{"x":1}})", R"({"a":{"x":1,"y":2}})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":[]})", R"({"a":{}})"));
}

TEST_CASE("numbers of any size are compared") {
    CHECK(is_met(R"({"path":"/a","is":123456789012345678901})", R"({"a":123456789012345678901})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":123456789012345678901})", R"({"a":123456789012345678902})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":9007199254740993})", R"({"a":9007199254740992})"));
    CHECK(is_met(R"({"path":"/a","is":1e999})", R"({"a":1e999})"));
    CHECK(is_met(R"({"path":"/b","is":1})", R"({"a":1e999,"b":1})"));
}

TEST_CASE("a missing value equals null in a rule that expects null, and nothing in any other") {
    CHECK(is_met(R"({"path":"/error","is":null})", "{}"));
    CHECK(is_met(R"({"path":"/error","is":null})", R"({"error":null})"));
    CHECK(is_met(R"({"path":"/error","is_not":5})", "{}"));
    CHECK(unmet(R"({"path":"/error","is_not":null})", "{}") == "/error is missing, and should not be");
    CHECK(unmet(R"({"path":"/id","is":5})", "{}") == "/id is missing, not 5");
    CHECK(is_met(R"({"path":"/error","exists":true})", R"({"error":null})"));
}

TEST_CASE("an unmet expectation is described in a sentence") {
    CHECK(unmet(R"({"path":"/error","is":null})", R"({"error":"full"})") == R"(/error is "full", not null)");
    CHECK(unmet(R"({"path":"/error","is":null})", R"({"error":{"code":1}})") == "/error is an object, not null");
    CHECK(unmet(R"({"path":"/data","is":"x"})", R"({"data":[1]})") == R"(/data is a list, not "x")");
    CHECK(unmet(R"({"path":"/data","is":[2]})", R"({"data":[ 1 ]})") == "/data is [1], not [2]");
    CHECK(unmet(R"({"path":"/state","is_not":"failed"})", R"({"state":"failed"})") ==
          R"(/state is "failed", and should not be)");
    CHECK(unmet(R"({"path":"/id","exists":true})", "{}") == "/id is missing");
    CHECK(unmet(R"({"path":"/error","exists":false})", R"({"error":0})") == "/error is there");
    CHECK(unmet(R"({"path":"","is":1})", "2") == "the body is 2, not 1");
    CHECK(unmet(R"({"path":"/a","is":1})", R"({"a":")" + std::string(1000, 'x') + R"("})").size() < 100);
}

TEST_CASE("the first unmet rule is named") {
    CHECK(unmet(R"({"path":"/a","is":1},{"path":"/b","is":2},{"path":"/c","is":3})", R"({"c":0,"b":0,"a":1})") ==
          "/b is 0, not 2");
}

TEST_CASE("a body that is not valid JSON to its end meets no rule about its JSON") {
    for (std::string body : {"", "{", "<html>", "{\"error\":null", "{\"error\":null}}", "{\"error\":null,\"a\":tru}",
                             "\xff", "{\"error\":null} {}"}) {
        CAPTURE(body);
        CHECK(unmet(R"({"path":"/error","is":null})", body) == "the body is not JSON");
    }
    CHECK(unmet(R"({"path":"/error","is":null})", std::string(100'000, '[')) == "the body is not JSON");
}

TEST_CASE("half of a UTF-16 pair equals itself") {
    CHECK(is_met(R"({"path":"/a","is":"\ud800"})", R"({"a":"\ud800"})"));
    CHECK_FALSE(is_met(R"({"path":"/a","is":"\ud800"})", R"({"a":"\ud801"})"));
}

TEST_CASE("an invalid expectation is refused") {
    CHECK(fault_of("[]") == "\"expect\" must be an object");
    CHECK(fault_of(R"({"statuss":200})") == R"(unknown field "statuss", did you mean "status"?)");
    for (const char* status :
         {"\"2x\"", "\"xxx\"", "\"0xx\"", "\"299-200\"", "\"200-\"", "\"-200\"", "\"\"", "\"ok\""}) {
        CAPTURE(status);
        CHECK(fault_of(R"({"status":)" + std::string(status) + "}") ==
              "\"status\" must be a code, or written as \"2xx\" or \"200-299\", or a list of those");
    }
    CHECK(fault_of(R"({"status":99})") == "\"status\" must be a whole number from 100 to 999");
    CHECK(fault_of(R"({"status":200.5})") == "\"status\" must be a whole number from 100 to 999");
    CHECK(fault_of(R"({"status":true})") == "\"status\" must be a string");
    CHECK(fault_of(R"({"status":[]})") == "\"status\" is an empty list");
    CHECK(fault_of(R"({"json":{}})") == "\"json\" must be a list");
    CHECK(fault_of(R"({"json":[{"path":"error","is":null}]})") == "\"path\" must begin with / such as /data/0/id");
    CHECK(fault_of(R"({"json":[{"path":"/~2","is":null}]})") == "\"path\": write ~ as ~0, and / within a name as ~1");
    for (const char* rule : {"{}", R"({"is":1})", R"({"path":"/a"})", R"({"path":"/a","is":1,"exists":true})",
                             R"({"path":"/a","path":"/a","is":1})"}) {
        CAPTURE(rule);
        CHECK(fault_of(R"({"json":[)" + std::string(rule) + "]}") ==
              "\"json\": each rule has a \"path\", and one of \"is\", \"is_not\" and \"exists\"");
    }
    CHECK(fault_of(R"({"json":[{"path":"/a","equals":1}]})") == R"(unknown field "equals")");
}

TEST_CASE("a refusal rule names a status, values in the body, or both") {
    const auto meets = [](std::string_view rule, int status, std::string body = {}) {
        return Expectation::parse_refusal(rule).is_met_by(answer(status, std::move(body)));
    };
    CHECK(meets(R"({"status":403})", 403));
    CHECK_FALSE(meets(R"({"status":403})", 429));
    const std::string_view busy = R"({"json":[{"path":"/error/code","is":"busy"}]})";
    for (const int status : {200, 400, 503}) CHECK(meets(busy, status, R"({"error":{"code":"busy"}})"));
    CHECK_FALSE(meets(busy, 200, R"({"error":{"code":"idle"}})"));
    CHECK_FALSE(meets(busy, 200, "busy"));
    const std::string_view both = R"({"status":[400,"5xx"],"json":[{"path":"/busy","is":true}]})";
    CHECK(meets(both, 502, R"({"busy":true})"));
    CHECK_FALSE(meets(both, 200, R"({"busy":true})"));
    CHECK_FALSE(meets(both, 502, R"({"busy":false})"));
}

TEST_CASE("a flag defines a refusal by statuses or in JSON") {
    const auto meets = [](std::string_view flag, int status) {
        return Expectation::parse_refusal_flag(flag).is_met_by(answer(status));
    };
    CHECK(meets("status=403", 403));
    CHECK(meets("status=400,5xx,420-429", 425));
    CHECK_FALSE(meets("status=400,5xx,420-429", 404));
    CHECK(meets(R"({"status":403})", 403));
}

TEST_CASE("an invalid refusal rule says what is wrong") {
    const auto fault = [](std::string_view flag) -> std::string {
        try {
            Expectation::parse_refusal_flag(flag);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    CHECK(fault("{}") == R"("refusal" needs a "status", a rule in "json", or both)");
    CHECK(fault("{\"status\"") == R"("refusal" is not JSON)");
    CHECK(fault("403").starts_with("'403' is neither statuses such as status=403 nor JSON"));
    CHECK(fault("status=").starts_with(R"("status" must be a code)"));
    CHECK(fault("status=403,").starts_with(R"("status" must be a code)"));
    CHECK(fault(R"({"stat":403})").find("unknown field \"stat\"") != std::string::npos);
}
