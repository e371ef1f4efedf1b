#include "plait/batch/request_line.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

RequestDefaults with_environment() {
    RequestDefaults defaults;
    defaults.environment = [](std::string_view name) -> std::optional<std::string> {
        if (name == "API_KEY") return "s3cret";
        if (name == "BROKEN") return "s3cret\r\nX-Other: 1";
        return std::nullopt;
    };
    return defaults;
}

Call read(std::string_view text, RequestDefaults defaults = with_environment()) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    if (auto* bad = std::get_if<BadLine>(&item)) FAIL(bad->message);
    return std::get<Call>(std::move(item));
}

BadLine read_bad(std::string_view text, RequestDefaults defaults = with_environment()) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    REQUIRE(std::holds_alternative<BadLine>(item));
    return std::get<BadLine>(std::move(item));
}

std::string message_of(std::string_view text) { return read_bad(text).message; }

}  // namespace

TEST_CASE("a URL alone is a GET under an id of its line") {
    const Call call = read(R"({"url":"http://api.example/items"})");
    CHECK(call.custom_id == "line-7");
    CHECK(call.line == 7);
    CHECK(call.request.method() == "GET");
    CHECK(call.request.url.text() == "http://api.example/items");
    CHECK(call.request.headers.empty());
    CHECK(call.request.body.empty());
    CHECK_FALSE(call.request.timeout);
    CHECK(call.metadata.empty());
}

TEST_CASE("every field finds its place, in any order") {
    const Call call = read(R"({"metadata" : {"row": 17} , "timeout_s":1.5,"body":{"input":"text"},)"
                           R"("headers":{"X-Tenant":"a","Accept":["application/json","text/plain"]},)"
                           R"("params":{"dry":"1","n":2.50,"on":true,"tag":["a b","c"]},)"
                           R"("url":"http://api.example/v1?x=y","method":"PUT","custom_id":"row-17"})");
    CHECK(call.custom_id == "row-17");
    CHECK(call.request.method() == "PUT");
    CHECK(call.request.url.text() == "http://api.example/v1?x=y&dry=1&n=2.50&on=true&tag=a%20b&tag=c");
    CHECK(call.request.headers.get("x-tenant") == "a");
    CHECK(call.request.headers.get_all("accept") == std::vector<std::string_view>{"application/json", "text/plain"});
    CHECK(call.request.headers.get("content-type") == "application/json");
    CHECK(call.request.body == R"({"input":"text"})");
    CHECK(call.request.timeout == 1500ms);
    CHECK(call.metadata == R"({"row": 17})");
}

TEST_CASE("a JSON body is sent as it stands, byte for byte") {
    CHECK(
        read(R"({"body": { "n":1.0e2,"big":123456789012345678901 ,"s":"\u00e9"} ,"url":"http://a.b"})").request.body ==
        R"({ "n":1.0e2,"big":123456789012345678901 ,"s":"\u00e9"})");
    CHECK(read(R"({"url":"http://a.b","body":[1, 2] })").request.body == "[1, 2]");
    CHECK(read(R"({"url":"http://a.b","body":12.50 })").request.body == "12.50");
}

TEST_CASE("a body makes the request a POST, and a JSON body names its type unless the line does") {
    const Call json = read(R"({"url":"http://a.b","body":{}})");
    CHECK(json.request.method() == "POST");
    CHECK(json.request.headers.get("content-type") == "application/json");
    CHECK(read(R"({"url":"http://a.b","body":{},"headers":{"content-type":"application/ld+json"}})")
              .request.headers.get_all("content-type") == std::vector<std::string_view>{"application/ld+json"});
}

TEST_CASE("a string body is sent as text, and a base64 body as its bytes") {
    const Call text = read(R"({"url":"http://a.b","body":"a\nb \u20ac"})");
    CHECK(text.request.body == "a\nb \xe2\x82\xac");
    CHECK_FALSE(text.request.headers.contains("content-type"));
    CHECK(read(R"({"url":"http://a.b","body_base64":"AP8="})").request.body == std::string("\0\xff", 2));
    CHECK(message_of(R"({"url":"http://a.b","body_base64":"AP8"})") ==
          "line 7, column 35: \"body_base64\" is not base64");
    CHECK(message_of(R"({"url":"http://a.b","body":"","body_base64":"AP8="})") ==
          "line 7, column 45: \"body\" and \"body_base64\" are both given");
}

TEST_CASE("null is as good as absent") {
    const Call call = read(R"({"url":"http://a.b","custom_id":null,"body":null,"headers":null,"retry":null})");
    CHECK(call.custom_id == "line-7");
    CHECK(call.request.method() == "GET");
}

TEST_CASE("fields that begin with x- are the user's own") {
    CHECK(read(R"({"x-note":[1,{}],"url":"http://a.b"})").line == 7);
}

TEST_CASE("an unknown field is refused with its column and the name that was meant") {
    CHECK(message_of(R"({"url":"http://a.b","metod":"GET"})") ==
          "line 7, column 29: unknown field \"metod\", did you mean \"method\"? (your own fields begin with x-)");
    CHECK(message_of(R"({"url":"http://a.b","priority":1})") ==
          "line 7, column 32: unknown field \"priority\" (your own fields begin with x-)");
}

TEST_CASE("columns count characters, not bytes") {
    CHECK(message_of("{\"url\":\"http://a.b\",\"custom_id\":\"\xc3\xa9\xe2\x82\xac\",\"y\":1}")
              .starts_with("line 7, column 42:"));
}

TEST_CASE("fields that are still to come are refused by name") {
    for (const char* name :
         {"deadline_s", "retry", "idempotency_key", "safe_to_repeat", "group", "cost", "expect", "body_file", "form"}) {
        const std::string line = std::string(R"({"url":"http://a.b",")") + name + R"(":{"a":1}})";
        CHECK(message_of(line).ends_with(std::string(": \"") + name + "\" is not yet supported"));
    }
}

TEST_CASE("a wrong type is named") {
    CHECK(message_of(R"({"url":1})") == "line 7, column 8: \"url\" must be a string");
    CHECK(message_of(R"({"url":"http://a.b","headers":["a"]})") == "line 7, column 31: \"headers\" must be an object");
    CHECK(message_of(R"({"url":"http://a.b","headers":{"a":1}})")
              .ends_with("\"a\" must be a string or a list of strings"));
    CHECK(message_of(R"({"url":"http://a.b","params":{"a":null}})")
              .ends_with("\"a\" must be a string, a number, true, false, or a list of them"));
    CHECK(message_of(R"({"url":"http://a.b","timeout_s":"1"})") == "line 7, column 33: \"timeout_s\" must be a number");
    CHECK(message_of(R"({"url":"http://a.b","custom_id":""})") == "line 7, column 33: \"custom_id\" is empty");
    CHECK(message_of(R"({"url":"http://a.b","method":"GET /"})") ==
          "line 7, column 30: \"method\" must be one word such as GET");
    CHECK(message_of(R"({"url":"http://a.b","url":"http://a.b"})") == "line 7, column 27: \"url\" comes twice");
    CHECK(message_of("[1]") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
    CHECK(message_of("url") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
    CHECK(message_of("17") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
}

TEST_CASE("a time limit is positive and at most a week") {
    for (const char* seconds : {"0", "-1", "604801", "1e300"}) {
        CHECK(message_of(std::string(R"({"url":"http://a.b","timeout_s":)") + seconds + "}").find("timeout_s") !=
              std::string::npos);
    }
}

TEST_CASE("a line without a URL, or with one that is none, is refused") {
    CHECK(message_of("{}") == "line 7: no \"url\"");
    CHECK(message_of(R"({"url":"api.example/items"})")
              .starts_with("line 7, column 8: URL 'api.example/items': no scheme"));
}

TEST_CASE("a line that is not JSON says so") {
    for (std::string text :
         {"{", "{\"url\":\"http://a.b\"", "{\"url\":\"http://a.b\",}", "{\"url\" \"http://a.b\"}",
          "{\"url\":\"http://a.b\",\"body\":{\"a\":tru}}", "{\"url\":\"http://a.b\",\"metadata\":[01]}",
          "{\"url\":\"http://a.b\",\"x-a\":1 \"x-b\":2}", "{\"url\":\"http://a.b\",\"x-a\":tru}",
          "{\"url\":\"http://a.b\",\"body\":nullx}", "{'url':1}"}) {
        CAPTURE(text);
        CHECK(message_of(text).find("not JSON: ") != std::string::npos);
    }
    CHECK(message_of(R"({"url":"http://a.b"}{"url":"http://a.b"})") == "line 7: more follows the JSON object");
    CHECK(message_of("{\"url\":\"http://a.b/\xff\"}") == "line 7: not UTF-8");
}

TEST_CASE("a bad line keeps the id and the metadata that stand in it, also behind the fault") {
    const BadLine bad = read_bad(R"({"url":1,"custom_id":"row-1","metadata":[2]})");
    CHECK(bad.custom_id == "row-1");
    CHECK(bad.metadata == "[2]");
    CHECK(read_bad("{").custom_id == "line-7");
}

TEST_CASE("a relative URL goes behind the base URL") {
    RequestDefaults defaults;
    defaults.base_url = "https://api.example/proxy/";
    const auto url_of = [&](std::string url) {
        return read(R"({"url":")" + url + R"("})", defaults).request.url.text();
    };
    CHECK(url_of("/v1/items") == "https://api.example/proxy/v1/items");
    CHECK(url_of("v1/items?next=http://x") == "https://api.example/proxy/v1/items?next=http://x");
    CHECK(url_of("?a=b") == "https://api.example/proxy?a=b");
    CHECK(url_of("http://other.example/") == "http://other.example/");
}

TEST_CASE("a base URL that can't stand before others is refused") {
    CHECK(checked_base_url("https://api.example/v1") == "https://api.example/v1");
    CHECK_THROWS_AS(checked_base_url("api.example"), Error);
    CHECK_THROWS_AS(checked_base_url("http://api.example/?key=1"), Error);
}

TEST_CASE("a header of the line replaces the default ones of its name") {
    RequestDefaults defaults;
    defaults.headers = {{"Accept", "text/plain"}, {"Accept", "text/html"}, {"X-Tenant", "default"}};
    const Call call = read(R"({"url":"http://a.b","headers":{"accept":["a","b"],"X-New":"1"}})", defaults);
    CHECK(call.request.headers.get_all("accept") == std::vector<std::string_view>{"a", "b"});
    CHECK(call.request.headers.get("x-tenant") == "default");
    CHECK(call.request.headers.get("x-new") == "1");
}

TEST_CASE("environment variables stand in header values by name") {
    CHECK(read(R"({"url":"http://a.b","headers":{"Authorization":"Bearer {{env.API_KEY}}"}})")
              .request.headers.get("authorization") == "Bearer s3cret");
    CHECK(read(R"({"url":"http://a.b","headers":{"X":"{{other}} {"}})").request.headers.get("x") == "{{other}} {");
    CHECK(message_of(R"({"url":"http://a.b","headers":{"X":"{{env.MISSING}}"}})") ==
          "line 7, column 31: \"headers\": the environment variable MISSING is not set");
    CHECK(
        message_of(R"({"url":"http://a.b","headers":{"X":"{{env.API_KEY"}})").ends_with("{{env. has no }} behind it"));
}

TEST_CASE("a line break in a header value is refused, and the value is not shown") {
    const std::string own = message_of(R"({"url":"http://a.b","headers":{"X-A":"top\r\nsecret"}})");
    CHECK(own.find("X-A") != std::string::npos);
    CHECK(own.find("top") == std::string::npos);
    const std::string environment = message_of(R"({"url":"http://a.b","headers":{"X-B":"{{env.BROKEN}}"}})");
    CHECK(environment.find("X-B") != std::string::npos);
    CHECK(environment.find("s3cret") == std::string::npos);
}

TEST_CASE("a plain URL is read with the same defaults") {
    RequestDefaults defaults;
    defaults.base_url = "http://a.b";
    defaults.headers = {{"X", "1"}};
    RequestReader reader(defaults);
    const auto call = std::get<Call>(reader.read_url("/x", 3));
    CHECK(call.custom_id == "line-3");
    CHECK(call.request.url.text() == "http://a.b/x");
    CHECK(call.request.headers.get("x") == "1");
    CHECK(std::get<BadLine>(reader.read_url("ftp://x", 4)).message.starts_with("line 4: URL 'ftp://x': "));
}
