#include "plait/convert/curl.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

Conversion converted(const std::string& text) {
    Input input("calls", text);
    input.variables.set_given("HOST", "api.example");
    Conversion conversion(input.variables.given_references());
    read_curl(input, conversion);
    return conversion;
}

std::string lines(const std::string& text) { return converted(text).lines(); }

std::string refusal(const std::string& text) {
    const Conversion conversion = converted(text);
    return conversion.refused().size() == 1 && conversion.count() == 0 ? conversion.refused()[0].reason : "";
}

}  // namespace

TEST_CASE("a command for bash becomes a line with the headers that curl sends") {
    CHECK(lines("curl 'https://a.example/x?y=1#z'") == "{\"method\":\"GET\",\"url\":\"https://a.example/x?y=1\"}\n");
    CHECK(
        lines("$ curl -XPATCH -A me -e http://b.example/\\;auto -H 'X-A: 1' -H 'X-A: 2' a.example -r 0-9") ==
        "{\"method\":\"PATCH\",\"url\":\"http://a.example\",\"headers\":{\"Range\":\"bytes=0-9\",\"User-Agent\":\"me\","
        "\"Referer\":\"http://b.example/\",\"X-A\":[\"1\",\"2\"]}}\n");
    CHECK(lines("curl http://a.example/ -H 'X-Empty;' -H 'Accept:' -d @/dev/null/none").empty());
    CHECK(lines("curl -I http://$HOST/a/../b?c -m 2.5 --no-silent") ==
          "{\"method\":\"HEAD\",\"url\":\"http://api.example/b?c\",\"timeout_s\":2.5}\n");
}

TEST_CASE("data becomes the body that curl makes of it") {
    const std::string form = "\"headers\":{\"Content-Type\":\"application/x-www-form-urlencoded\"}";
    CHECK(lines("curl a.example -d a=1 -d 'b=x y' --data-urlencode 'c=d e&f' --data-urlencode '=1/2' --data-raw @g") ==
          "{\"method\":\"POST\",\"url\":\"http://a.example\"," + form +
              ",\"body\":\"a=1&b=x y&c=d+e%26f&1%2F2&@g\"}\n");
    CHECK(lines("curl --json '{\"n\":' --json 1} a.example") ==
          "{\"method\":\"POST\",\"url\":\"http://a.example\",\"headers\":{\"Content-Type\":\"application/json\","
          "\"Accept\":\"application/json\"},\"body\":{\"n\":1}}\n");
    CHECK(lines("curl -G a.example/?z -d q=%2F --url-query x=1") ==
          "{\"method\":\"GET\",\"url\":\"http://a.example/?z&q=%2f\"}\n");
    CHECK(lines("curl -F n=7 -F 'j={};type=application/json;charset=x' a.example") ==
          "{\"method\":\"POST\",\"url\":\"http://a.example\",\"multipart\":[{\"name\":\"n\",\"value\":\"7\"},"
          "{\"name\":\"j\",\"value\":\"{}\",\"type\":\"application/json;charset=x\"}]}\n");
    CHECK(lines("curl -d $'\\xff' -H 'Content-Type:' a.example") ==
          "{\"method\":\"POST\",\"url\":\"http://a.example\",\"body_base64\":\"/w==\"}\n");
}

TEST_CASE("a command may make several requests") {
    const Conversion conversion = converted("curl 'http://a.example/{a,b}/[1-2]' --next -g 'http://a.example/[x]'\n");
    CHECK(conversion.count() == 5);
    CHECK(conversion.lines().find("a.example/a/2\"") < conversion.lines().find("a.example/b/1\""));
    CHECK(converted("curl a.example; curl b.example && curl c.example | jq .\n\ncurl d.example > e").count() == 4);
}

TEST_CASE("a file for -K is read as curl reads it") {
    CHECK(lines("# comment\nurl = \"http://a.example\"\n-H \"X-A: \\\"1\\\"\"\ndata = one\ndata two and more\nrequest: "
                "PUT\n") ==
          "{\"method\":\"PUT\",\"url\":\"http://a.example\",\"headers\":{\"X-A\":\"\\\"1\\\"\",\"Content-Type\":"
          "\"application/x-www-form-urlencoded\"},\"body\":\"one&two\"}\n");
    CHECK(converted("url=http://a.example\nnext\n--url \"http://b.example\"\nget\n").count() == 2);
    CHECK_THROWS_WITH(converted("url = a.example\nfrobnicate = 1\n"),
                      "line 2: it has the option --frobnicate, which plait convert does not know");
}

TEST_CASE("logins and cookies become names, and nothing of them is in the output") {
    const Conversion conversion = converted(
        "curl -u 'me:geheim' -b 'sid=geheim' 'https://api.example/?api_key=geheim&a=1'\n"
        "curl https://api.example/ -H 'Authorization: Bearer geheim' -d 'password=geheim&b=1'\n"
        "curl https://me:geheim@api.example/\n");
    CHECK(conversion.count() == 3);
    CHECK(conversion.lines().find("geheim") == std::string::npos);
    CHECK(conversion.lines().find("\"params\":{\"api_key\":\"{{env.API_EXAMPLE_API_KEY}}\"}") != std::string::npos);
    CHECK(conversion.lines().find("\"Authorization\":\"Basic {{env.API_EXAMPLE_BASIC}}\"") != std::string::npos);
    CHECK(conversion.lines().find("\"Authorization\":\"Bearer {{env.API_EXAMPLE_TOKEN}}\"") != std::string::npos);
    CHECK(conversion.lines().find("\"form\":{\"password\":\"{{env.API_EXAMPLE_PASSWORD}}\",\"b\":\"1\"}") !=
          std::string::npos);
    CHECK(conversion.secrets().all().size() == 5);
}

TEST_CASE("what can't be converted has a reason") {
    CHECK(refusal("curl $TOKEN") == "$TOKEN has no value: --var 'TOKEN=...'");
    CHECK(refusal("curl \"http://a.example/$(date)\"") == "it has a substitution $(...) or ${...}");
    CHECK(refusal("curl http://a.example/{a,b}") == "it has braces without quotes, which bash expands");
    CHECK(refusal("curl a.example < body") == "it reads standard input by <");
    CHECK(refusal("curl --digest a.example") == "its login is Digest");
    CHECK(refusal("curl -b jar.txt a.example") ==
          "its cookies are in the file 'jar.txt': give it to plait run --cookies");
    CHECK(refusal("curl -d @- a.example") == "it sends its standard input");
    CHECK(refusal("curl -H 'X: {{env.HOME}}' a.example") ==
          "its header X has the text {{env.HOME}}, which plait run takes for the name of a secret");
    CHECK(refusal("curl -s") == "it has no URL");
    CHECK(refusal("curl 'http://a.example/[1-x]'") ==
          "the URL has [1-x], which is no glob of curl (--globoff takes it as it is)");
    CHECK(refusal("curl ftp://a.example/") != "");
    CHECK_THROWS_WITH(converted("curl ^\"https://a.example^\" ^\n  -d 1\n"),
                      "calls is for cmd.exe: in the browser, use \"Copy as cURL (bash)\"");
}

TEST_CASE("a body that names a secret of plait is sent as it is") {
    CHECK(lines("curl -d '{{env.HOME}}' a.example").find("\"body_base64\":\"e3tlbnYuSE9NRX19\"") != std::string::npos);
}
