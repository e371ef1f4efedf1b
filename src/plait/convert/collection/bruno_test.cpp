#include "plait/convert/collection/bruno.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

const std::string meta = "meta {\n  name: n\n  type: http\n}\n\n";

Conversion converted(const std::string& text) {
    Input input("-", meta + text);
    input.variables.set_given("host", "http://a.example");
    CHECK(is_bruno(input));
    Conversion conversion;
    read_bruno(input, conversion);
    return conversion;
}

std::string post(const std::string& kind, const std::string& blocks) {
    const std::string line =
        converted("post {\n  url: {{host}}\n  body: " + kind + "\n  auth: none\n}\n\n" + blocks).lines();
    return line.substr(line.find("\"headers\""));
}

}  // namespace

TEST_CASE("a file of Bruno is split into blocks, whose text may have braces") {
    const auto blocks =
        bru_blocks("meta {\n  name: a\n}\nbody:json {\n  {\n    \"a\": {}\n  }\n}\nvars:secret [\n  x\n]\n");
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[1].text == "{\n  \"a\": {}\n}");
    CHECK_THROWS(bru_blocks("meta {\n  name: a\n"));
    CHECK_THROWS(bru_blocks("name: a\n"));
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    CHECK(BruBlock("x", "a: 1\n~b: 2\n\"c:d\": 3\n\ne: '''\n  f\n    g\n'''\nh:").pairs() ==
          Pairs{{"a", "1"}, {"c:d", "3"}, {"e", "f\n  g"}, {"h", ""}});
}

TEST_CASE("Bruno's path variables and headers are those of its command") {
    CHECK(converted("delete {\n  url: {{host}}/a/../:id/b?x=1&off=2\n  auth: none\n}\n\nparams:path {\n  id: 7\n}\n\n"
                    "params:query {\n  ~off: 2\n}\n\nheaders {\n  X-A: 1\n  ~X-B: 2\n  x-a: 3\n}\n")
              .lines() ==
          "{\"custom_id\":\"n\",\"method\":\"DELETE\",\"url\":\"http://a.example/7/b?x=1&off=2\",\"headers\":{\"x-a\":"
          "\"3\"}}\n");
}

TEST_CASE("Bruno's bodies have the types that its command sends") {
    CHECK(post("json", "body:json {\n  {\n    \"a\": 1\n  }\n}\n") ==
          "\"headers\":{\"Content-Type\":\"application/json\"},\"body\":\"{\\n  \\\"a\\\": 1\\n}\"}\n");
    CHECK(post("formUrlEncoded", "body:form-urlencoded {\n  a: 1 ~'\n  ~b: 2\n  c:\n}\n") ==
          "\"headers\":{\"Content-Type\":\"application/x-www-form-urlencoded\"},\"body\":\"a=1+%7E%27&c=\"}\n");
    CHECK(
        post("graphql", "body:graphql {\n  {a}\n}\n\nbody:graphql:vars {\n  { \"a\": 1 }\n}\n") ==
        "\"headers\":{\"Content-Type\":\"application/json\"},\"body\":{\"query\":\"{a}\",\"variables\":{\"a\":1}}}\n");
    CHECK(converted("post {\n  url: {{host}}\n  body: multipartForm\n}\n\nbody:multipart-form {\n  j: {} "
                    "@contentType(a/b)\n}\n")
              .lines()
              .ends_with("\"multipart\":[{\"name\":\"j\",\"value\":\"{}\",\"type\":\"a/b\"}]}\n"));
}

TEST_CASE("features that only Bruno has are refused, with the reason") {
    const auto refusal = [](const std::string& text) { return converted(text).refused().at(0).reason; };
    CHECK(refusal("get {\n  url: {{host}}/{{x}}\n}\n") == "{{x}} has no value: --var 'x=...'");
    CHECK(refusal("get {\n  url: {{host}}\n  auth: digest\n}\n") ==
          "its login is digest, which is computed or asked for anew");
    CHECK(refusal("post {\n  url: {{host}}\n  body: file\n}\n\nbody:file {\n  file: @file(../x)\n}\n") ==
          "it names the file '../x', which is not in the working directory: copy it there");
    CHECK(converted("get {\n  url: {{host}}\n}\n\nscript:pre-request {\n  x();\n}\n").advice().size() == 1);
}
