#include "plait/convert/curl/curl.hpp"

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
    CHECK_THROWS_WITH(converted("url = a.example\nfrobnicate = 1\n"), "line 2: unknown option --frobnicate");
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

TEST_CASE("a request that can't be converted has a reason") {
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
          "the URL has [1-x], which is not a glob of curl; add --globoff to send it literally");
    CHECK(refusal("curl ftp://a.example/") != "");
    CHECK_THROWS_WITH(converted("curl ^\"https://a.example^\" ^\n  -d 1\n"),
                      "calls is for cmd.exe: in the browser, use \"Copy as cURL (bash)\"");
}

TEST_CASE("a body that names a secret of plait is sent as it is") {
    CHECK(lines("curl -d '{{env.HOME}}' a.example").find("\"body_base64\":\"e3tlbnYuSE9NRX19\"") != std::string::npos);
}

TEST_CASE("a command that runs curl by way of another one is not passed over") {
    for (const char* text : {"time curl http://a.example/", "sudo curl http://a.example/", "env A=b curl a.example",
                             "if curl a.example", "X=$(curl -X POST a.example)"}) {
        CAPTURE(text);
        CHECK(refusal(text).find("curl") != std::string::npos);
    }
    CHECK(converted("curl a.example\nsh -c 'curl a.example'").refused().size() == 1);
    CHECK(converted("echo curl; command -v curl\ncurl a.example").refused().empty());
    CHECK(refusal("curl -u me a.example") == "curl would ask for its password: write --user NAME:PASSWORD");
}

TEST_CASE("an engine for cookies is no file, and of several uploads none is lost") {
    CHECK(lines("curl -b '' --proxy-user a:b --tlsv1 --interface lo a.example") ==
          "{\"method\":\"GET\",\"url\":\"http://a.example\"}\n");
    CHECK(refusal("curl -T a -T b http://a.example/ http://b.example/") ==
          "it uploads several files: write a command for each");
    CHECK(refusal("curl 'http://a.example/}'") == "the URL has an unmatched }; add --globoff to send it literally");
}

TEST_CASE("the text of a here-document is not run") {
    const Conversion conversion = converted(
        "cat <<EOF > f; cat <<-'END'\ncurl -X DELETE https://evil.example/\nEOF\ncurl b.example\n\tEND\ncurl "
        "a.example\n");
    CHECK(conversion.lines() == "{\"method\":\"GET\",\"url\":\"http://a.example\"}\n");
    CHECK(converted("cat <<< 1\ncurl a.example\n").count() == 1);
}

TEST_CASE("a variable with a secret's name is a secret wherever it stands") {
    const Conversion conversion = converted(
        "TOKEN=shelltoken99\ncurl -H \"X-Foo: $TOKEN\" -d \"$TOKEN/x\" a.example\ncurl \"a.example/$TOKEN\"\n");
    CHECK(conversion.count() == 1);
    CHECK(conversion.lines().find("\"X-Foo\":\"{{env.A_EXAMPLE_FOO}}\"") != std::string::npos);
    CHECK(conversion.lines().find("shelltoken99") == std::string::npos);
    REQUIRE(conversion.refused().size() == 1);
    CHECK(conversion.refused()[0].where == "line 3 (GET http://a.example/***)");
}

TEST_CASE("secrets are recognised in headers, queries, forms and other bodies") {
    for (const char* text : {"-H 'X-Vault-Token: geheim99'",
                             "-H 'X-Auth-Key: geheim99'",
                             "-H 'DD-APPLICATION-KEY: geheim99'",
                             "-H 'token: geheim99'",
                             "-H 'X-Auth: geheim99'",
                             "-H 'Authentication: Bearer geheim99'",
                             "-H 'X-Odd: Bearer geheim99'",
                             "-H 'Referer: http://b.example/?sig=geheim99'",
                             "--url-query key=geheim99",
                             "--url-query 'user[password]=geheim99'",
                             "--url-query X-Amz-Signature=geheim99",
                             "--url-query subscription-key=geheim99",
                             "--url-query code=geheim99",
                             "-d 'user[password]=geheim99&a=b c'",
                             "-d 'pwd=geheim99'",
                             "-d 'client_assertion=geheim99'",
                             "-d 'payload=%7B%22password%22%3A%22geheim99%22%7D'",
                             "-F 'data={\"password\":\"geheim99\"}'",
                             "-F 'pwd=geheim99'",
                             "--json '{\"password\":99999999999}'",
                             "--json '{\"tokens\":[\"geheim98\",\"geheim99\"]}'",
                             "--json '{\"a\":\"{\\\"password\\\":\\\"geheim99\\\"}\"}'",
                             "-H 'Content-Type: application/xml' -d '<a><password>geheim99</password></a>'",
                             "-H 'Content-Type: text/plain' -d 'token=geheim99'",
                             "-d '{\"password\":\"geheim99\",\"t\":\"{{env.HOME}}\"}'"}) {
        CAPTURE(text);
        const Conversion conversion = converted(std::string("curl a.example ") + text);
        CHECK(conversion.lines().find("geheim9") == std::string::npos);
        CHECK(conversion.lines().find("99999999999") == std::string::npos);
        CHECK(conversion.lines().find("Z2VoZWltOTk") == std::string::npos);  // in base64
        CHECK(conversion.refused().size() + conversion.secrets().all().size() >= 1);
    }
}
