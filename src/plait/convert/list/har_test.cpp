#include "plait/convert/list/har.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

/// An entry; `request` are further members of its request.
std::string entry(
    const std::string& method, const std::string& url, const std::string& request = "\"headers\":[]",
    const std::string& response = "\"status\":200,\"content\":{\"text\":\"\\ud83d\"},\"redirectURL\":\"\"") {
    return "{\"time\":1,\"request\":{\"method\":\"" + method + "\",\"url\":\"" + url + "\"," + request +
           "},\"response\":{" + response + "}}";
}

Conversion converted(const std::string& entries) {
    const Input input("page.har", "{\"log\":{\"version\":\"1.2\",\"entries\":[" + entries + "]}}");
    REQUIRE(is_har(input));
    Conversion conversion;
    read_har(input, conversion);
    return conversion;
}

std::string bytes(std::string_view text, std::optional<std::uint64_t> size) { return bytes_of({text, size}).bytes; }

}  // namespace

TEST_CASE("a body is the text in the encoding that has its length") {
    CHECK(bytes("abc", 3) == "abc");
    CHECK(bytes("é", 2) == "é");
    CHECK(bytes("é", 1) == "\xe9");
    CHECK(bytes("ÃÂÿ", 3) == "\xc3\xc2\xff");
    CHECK(bytes("abc", std::nullopt) == "abc");
    CHECK(bytes("", std::nullopt).empty());
}

TEST_CASE("a body that may not be the one that was sent is refused") {
    CHECK_THROWS_WITH(bytes("abc", 4), "its body was 4 bytes, and is not what the file has: it was binary, or cut");
    CHECK_THROWS_WITH(bytes("é", std::nullopt), "its body may have been binary: the file does not say how long it was");
    // Three bytes of a cut character became one U+FFFD, which has three bytes as well.
    CHECK_THROWS(bytes("\xef\xbf\xbd", 3));
}

TEST_CASE("a body that mitmproxy unpacked is sent without its coding") {
    HarBody body{"{\"a\":1}", 27};
    body.is_coded = true;
    CHECK(bytes_of(body).bytes == "{\"a\":1}");
    CHECK(bytes_of(body).is_decoded);
    body.text = "é";
    CHECK_THROWS(bytes_of(body));
    body.is_json = true;
    CHECK(bytes_of(body).bytes == "é");
}

TEST_CASE("headers of the connection, the page and the cache are dropped") {
    const Conversion conversion =
        converted(entry("PUT", "https://api.example/a?x=1&x=2",
                        "\"headers\":[{\"name\":\":authority\",\"value\":\"api.example\"},{\"name\":\"Host\",\"value\":"
                        "\"api.example\"},"
                        "{\"name\":\"content-length\",\"value\":\"1\"},{\"name\":\"accept-encoding\",\"value\":\"br\"},"
                        "{\"name\":\"sec-ch-ua\",\"value\":\"x\"},{\"name\":\"If-None-Match\",\"value\":\"y\"},{"
                        "\"name\":\"If-Match\",\"value\":\"z\"},"
                        "{\"name\":\"Proxy-Connection\",\"value\":\"close\"},{\"name\":\"X-A\",\"value\":\"1\"}],"
                        "\"queryString\":[{\"name\":\"x\"}],"
                        "\"postData\":{\"mimeType\":\"\",\"text\":\"7\"}"));
    CHECK(conversion.lines() ==
          "{\"method\":\"PUT\",\"url\":\"https://api.example/a?x=1&x=2\",\"headers\":{\"If-Match\":\"z\","
          "\"X-A\":\"1\"},\"body\":\"7\"}\n");
}

TEST_CASE("a missing body is not the same as none") {
    const std::string typed = "\"headers\":[{\"name\":\"Content-Type\",\"value\":\"image/png\"}";
    CHECK(converted(entry("POST", "https://a.example/", typed + "],\"bodySize\":0")).count() == 0);
    CHECK(converted(entry("POST", "https://a.example/", typed + "],\"bodySize\":3,\"postData\":{\"text\":\"\"}"))
              .count() == 0);
    CHECK(converted(entry("POST", "https://a.example/",
                          typed + ",{\"name\":\"Content-Length\",\"value\":\"0\"}],\"bodySize\":0"))
              .count() == 1);
    CHECK(converted(entry("POST", "https://a.example/", "\"headers\":[],\"bodySize\":0")).count() == 1);
    CHECK(converted(entry("GET", "https://a.example/", typed + "],\"bodySize\":-1")).count() == 1);
}

TEST_CASE("a redirect that plait follows is one request") {
    const auto to = [](const std::string& status, const std::string& location) {
        return "\"status\":" + status + ",\"redirectURL\":\"" + location + "\"";
    };
    const auto pair = [&](const std::string& method, const std::string& status, const std::string& location,
                          const std::string& next_method, const std::string& next) {
        return converted(entry(method, "https://a.example/1", "\"headers\":[]", to(status, location)) + "," +
                         entry(next_method, next) + "," + entry(next_method, next));
    };
    CHECK(pair("GET", "302", "/2", "GET", "https://a.example/2").count() == 2);
    CHECK(pair("POST", "303", "/2", "GET", "https://a.example/2").left_out()[0].reason ==
          "it follows the redirect of entry 1, as plait run does");
    CHECK(pair("POST", "307", "/2", "POST", "https://a.example/2").count() == 2);
    // plait run takes these for answers.
    CHECK(pair("POST", "302", "/2", "GET", "https://a.example/2").count() == 3);
    CHECK(pair("POST", "307", "https://b.example/2", "POST", "https://b.example/2").count() == 3);
    CHECK(pair("GET", "302", "http://a.example/2", "GET", "http://a.example/2").count() == 3);
}

TEST_CASE("an entry that is no request is left out, and one that can't be converted is refused") {
    const Conversion conversion =
        converted(entry("GET", "data:text/plain,x") + "," + entry("GET", "wss://a.example/") + "," +
                  entry("GET", "https://a.example/",
                        "\"headers\":[{\"name\":\"Authorization\",\"value\":"
                        "\"AWS4-HMAC-SHA256 Credential=x\"}]"));
    CHECK(conversion.left_out()[0].reason == "it is not an HTTP request");
    REQUIRE(conversion.refused().size() == 2);
    CHECK(conversion.refused()[0].where == "entry 2 (GET wss://a.example/)");
    CHECK(conversion.refused()[1].reason ==
          "its Authorization is AWS4-HMAC-SHA256, which is computed anew for each request");
}

TEST_CASE("a recording can't name files outside its folder") {
    const auto with_file = [](const std::string& name) {
        return converted(
            entry("POST", "https://a.example/", "\"headers\":[],\"postData\":{\"_file\":\"" + name + "\"}"));
    };
    for (const char* name : {"/etc/hosts", "../secret", "a/../../b"}) {
        REQUIRE(with_file(name).refused().size() == 1);
        CHECK(with_file(name).refused()[0].reason.find("which is not in its folder") != std::string::npos);
    }
    CHECK(with_file("none.bin").refused()[0].reason.find("none.bin") != std::string::npos);
}

TEST_CASE("a cut file is refused") {
    Conversion conversion;
    CHECK_THROWS(read_har(Input("page.har", "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\""), conversion));
}

TEST_CASE("no message has the password of a URL") {
    const Conversion conversion = converted(entry("GET", "https://u:geheim99@a.example/x?y"));
    REQUIRE(conversion.secrets().all().size() == 1);
    CHECK(conversion.secrets().all()[0].where == "user and password of entry 1 (GET https://a.example/x)");
}

TEST_CASE("a form without its text is refused") {
    const Conversion conversion = converted(entry("POST", "https://a.example/",
                                                  "\"headers\":[],\"bodySize\":0,\"postData\":{\"mimeType\":"
                                                  "\"x\",\"params\":[{\"name\":\"a\",\"value\":\"b\"}]}"));
    REQUIRE(conversion.refused().size() == 1);
    CHECK(conversion.refused()[0].reason == "the file has the fields of its form, and not the bytes that were sent");
}

TEST_CASE("an odd entry does not lose the others") {
    const Conversion conversion = converted("{\"_x\":1},5,{\"request\":[1]}," + entry("GET", "https://a.example/"));
    CHECK(conversion.count() == 1);
    REQUIRE(conversion.refused().size() == 3);
    CHECK(conversion.refused()[2].where == "entry 3");
    CHECK(conversion.refused()[2].reason == "it has no request");
}

TEST_CASE("a HAR may have members before its log") {
    CHECK(is_har(Input("-", "{\"_comment\": 1, \"log\": {\"entries\": []}}")));
    CHECK_FALSE(is_har(Input("-", "{\"kind\": \"log\", \"entries\": []}")));
}
