#include "plait/convert/collection/http_file.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

Conversion converted(const std::string& text) {
    Input input("-", text);
    CHECK(is_http_file(input));
    Conversion conversion;
    read_http_file(input, conversion);
    return conversion;
}

}  // namespace

TEST_CASE("requests of an .http file stand between lines of ###") {
    CHECK(
        converted(
            "@host = http://a.example\n@path = {{host}}/x\n\n# a comment\nGET {{path}}/../y\n  ?a=1\n  &b=2 3\nX-A: "
            "1\n// no\n"
            "x-a:2\n\n### Second one\n{{host}}\n\n###\n# @name third\nDELETE {{host}}/z HTTP/1.1\n\n> {% x() %}\n###\n")
            .lines() ==
        "{\"method\":\"GET\",\"url\":\"http://a.example/y?a=1&b=2 3\",\"headers\":{\"X-A\":[\"1\",\"2\"]}}\n"
        "{\"custom_id\":\"Second one\",\"method\":\"GET\",\"url\":\"http://a.example\"}\n"
        "{\"custom_id\":\"third\",\"method\":\"DELETE\",\"url\":\"http://a.example/z\"}\n");
}

TEST_CASE("bodies of an .http file are those that httpyac sends") {
    const auto body = [](const std::string& type, const std::string& text) {
        const std::string line = converted("POST http://a.example\nContent-Type: " + type + "\n\n" + text).lines();
        return line.substr(line.find("\"body"));
    };
    CHECK(body("text/plain", "a\n\n  b\n\n\n?? status == 200\n") == "\"body\":\"a\\n\\n  b\"}\n");
    CHECK(body("application/json", "{\"a\":1}\n\n> {% x %}\n") == "\"body\":{\"a\":1}}\n");
    CHECK(body("application/x-www-form-urlencoded", "a=1 2\n  &b=\xc3\xa9+\n") == "\"body\":\"a=1%202&b=%C3%A9+\"}\n");
    CHECK(body("multipart/form-data; boundary=x", "--x\nA: b\n\n1\n--x--\n") ==
          "\"body\":\"--x\\r\\nA: b\\r\\n\\r\\n1\\r\\n--x--\"}\n");
}

TEST_CASE("features that only .http files have are refused, with the reason") {
    const Conversion conversion = converted(
        "GET http://a.example/{{$guid}}\n###\nGRPC http://a.example\n###\n# @loop for 3\nGET "
        "http://a.example\n###\nPOST http://a.example\n\n"
        "<@ ./x\n###\nPOST http://a.example\n\n< ../x\n###\nGET http://a.example\nno header\n###\n# @disabled\nGET "
        "http://a.example\n"
        "###\n< {%\n x() %}\nGET http://a.example\n");
    std::string reasons;
    for (const Remark& remark : conversion.refused()) reasons += remark.where + ": " + remark.reason + "\n";
    CHECK(reasons ==
          "line 1: {{$guid}} is made anew for each request; for one value: --var '$guid=...'\nline 3: it is GRPC, not "
          "HTTP\n"
          "line 6: it is sent in a loop (# @loop)\nline 8: its body is a file with variables (<@)\n"
          "line 12: it names the file '../x', which is not in the working directory: copy it there\nline 16: line 17 "
          "is not a "
          "header: it has no colon\n");
    CHECK(conversion.left_out().size() == 1);
    CHECK(conversion.advice().size() == 1);
    CHECK(conversion.count() == 1);
}

TEST_CASE("a login of an .http file is encoded, and becomes a name") {
    const Conversion conversion = converted("###\nGET http://a.example\nAuthorization: Basic me geheim\n");
    CHECK(conversion.lines().find("\"Authorization\":\"Basic {{env.A_EXAMPLE_BASIC}}\"") != std::string::npos);
}
