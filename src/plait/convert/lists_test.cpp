#include "plait/convert/kinds.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

Conversion converted(const std::string& text, std::string_view kind) {
    const Input input("-", text);
    CHECK(kind_of(input).name == kind);
    Conversion conversion;
    kind_named(kind).read(input, conversion);
    return conversion;
}

std::string lines(const std::string& text, std::string_view kind) { return converted(text, kind).lines(); }

}  // namespace

TEST_CASE("vegeta's JSON has bodies in base64 and headers in lists") {
    CHECK(lines("{\"method\":\"POST\",\"url\":\"http://a.example/"
                "\",\"body\":\"eyJhIjoxfQ==\",\"header\":{\"X-A\":[\"1\",\"2\"]}}\n"
                "\n{\"method\":\"PUT\",\"url\":\"http://a.example/\",\"body\":\"AP8=\"}\n",
                "vegeta") ==
          "{\"method\":\"POST\",\"url\":\"http://a.example/"
          "\",\"headers\":{\"X-A\":[\"1\",\"2\"]},\"body\":\"{\\\"a\\\":1}\"}\n"
          "{\"method\":\"PUT\",\"url\":\"http://a.example/\",\"body_base64\":\"AP8=\"}\n");
    const Conversion wrong =
        converted("{\"method\":\"GET\",\"url\":\"http://a.example/\"}\n{\"url\":1,\"body\":\"?\"}\n", "vegeta");
    REQUIRE(wrong.refused().size() == 1);
    CHECK(wrong.refused()[0].where == "line 2");
}

TEST_CASE("request lines of plait are no targets of vegeta") {
    CHECK_THROWS(kind_of(Input("-", "{\"method\":\"GET\",\"url\":\"http://a.example/\",\"custom_id\":\"a\"}\n")));
    CHECK_THROWS(kind_of(Input("-", "{\"method\":\"POST\",\"url\":\"http://a.example/\",\"body\":\"no base64\"}\n")));
}

TEST_CASE("vegeta's text has targets with headers, with or without a blank line between them") {
    const Conversion conversion = converted(
        "# first\nGET http://a.example/1\nX-A: 1\nx-a:2\nPOST http://a.example/2\n\nPUT http://a.example/3\nX-B: "
        "3\n@none\n"
        "DELETE http://a.example/4\nno header\nGET http://a.example/5\n",
        "vegeta");
    CHECK(
        conversion.lines() ==
        "{\"method\":\"GET\",\"url\":\"http://a.example/1\",\"headers\":{\"X-A\":[\"1\",\"2\"]}}\n"
        "{\"method\":\"POST\",\"url\":\"http://a.example/2\"}\n{\"method\":\"GET\",\"url\":\"http://a.example/5\"}\n");
    REQUIRE(conversion.refused().size() == 2);
    CHECK(conversion.refused()[0].where == "line 7");
    CHECK(conversion.refused()[1].reason == "line 11 is not a header: it has no colon");
}

TEST_CASE("siege's lines have a method and a body, which is a form") {
    const std::string form = "\"headers\":{\"Content-Type\":\"application/x-www-form-urlencoded\"}";
    const Conversion conversion = converted(
        "HOST=a.example\n# comment\nhttp://$(HOST)/a b\nhttp://${HOST}/b POST   a=1&b=x y  \na.example/c "
        "DELETE\n$(NONE)/\n"
        "http://a.example/d HEAD\nhttp://a.example/e PUT <none.json\n",
        "siege");
    CHECK(conversion.lines() ==
          "{\"method\":\"GET\",\"url\":\"http://a.example/a%20b\"}\n"
          "{\"method\":\"POST\",\"url\":\"http://a.example/b\"," +
              form +
              ",\"body\":\"a=1&b=x y\"}\n"
              "{\"method\":\"DELETE\",\"url\":\"http://a.example/c\"," +
              form + "}\n");
    REQUIRE(conversion.refused().size() == 3);
    CHECK(conversion.refused()[0].reason == "$(NONE) has no value: --var 'NONE=...'");
    CHECK(conversion.refused()[1].reason == "siege sends nothing useful for HEAD in this place");
    CHECK(conversion.refused()[2].reason.find("none.json") != std::string::npos);
}

TEST_CASE("aria2's tabs are mirrors, and its options are headers") {
    const Conversion conversion = converted(
        "# comment\nhttp://a.example/1\thttp://b.example/1\n header=X-A: 1\n\theader=X-B:2\n out=file\n"
        "http://a.example/2\n http-user=me\n http-passwd=geheim\nftp://a.example/3\nhttp://a.example/4\n frob=1\n",
        "aria2");
    CHECK(conversion.lines() ==
          "{\"method\":\"GET\",\"url\":\"http://a.example/1\",\"headers\":{\"X-A\":\"1\",\"X-B\":\"2\"}}\n"
          "{\"method\":\"GET\",\"url\":\"http://a.example/2\",\"headers\":{\"Authorization\":\"Basic "
          "{{env.A_EXAMPLE_BASIC}}\"}}\n");
    REQUIRE(conversion.left_out().size() == 1);
    CHECK(conversion.left_out()[0].reason == "1 more URLs are mirrors of the first");
    REQUIRE(conversion.refused().size() == 2);
    CHECK(conversion.refused()[1].reason == "unknown option frob");
}

TEST_CASE("wget's URLs are encoded as wget does") {
    const Conversion conversion =
        converted("  http://a.example/a b?\xc3\xa9=%zz%41{|}[x]\r\n\n# comment\na.example/b/../c/./d/..#e\n", "wget");
    CHECK(conversion.lines() ==
          "{\"method\":\"GET\",\"url\":\"http://a.example/a%20b?%C3%A9=%25zz%41%7B%7C%7D[x]\"}\n"
          "{\"method\":\"GET\",\"url\":\"http://a.example/c/\"}\n");
    CHECK(conversion.left_out().size() == 1);
}

TEST_CASE("a list names no files outside of the working directory") {
    const Conversion siege = converted("http://a.example/ POST <../../x\nhttp://a.example/ POST a\n", "siege");
    CHECK(siege.count() == 1);
    REQUIRE(siege.refused().size() == 1);
    CHECK(siege.refused()[0].reason ==
          "it names the file '../../x', which is not in the working directory: copy it there");
    const Conversion vegeta = converted("POST http://a.example/\n@/x\nGET http://a.example/\n", "vegeta");
    CHECK(vegeta.count() == 1);
    CHECK(vegeta.refused().size() == 1);
}
