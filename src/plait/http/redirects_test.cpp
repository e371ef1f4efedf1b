#include "plait/http/redirects.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;

namespace {

const Url home("https://a.example/dir/page?q=1");

Response answer(int status, std::initializer_list<std::string_view> locations) {
    Response response;
    response.status = status;
    for (const std::string_view location : locations) response.headers.add("Location", location);
    return response;
}

RedirectStep step(const Request& sent, int status, std::string_view location, RedirectOptions options = {}) {
    return Redirects(options).after(sent, answer(status, {location}));
}

/// The method and URL of what comes next, or why nothing does.
std::string next_of(const Request& sent, int status, std::string_view location, RedirectOptions options = {}) {
    const RedirectStep after = step(sent, status, location, options);
    return after.next ? after.next->method() + " " + after.next->url.text() : after.why_not;
}

Request request(const std::string& method, std::string body = "") {
    Request made(method, home);
    made.body = std::move(body);
    return made;
}

}  // namespace

TEST_CASE("GET and HEAD follow each kind of redirect, with their method") {
    for (const int status : {301, 302, 303, 307, 308}) {
        CHECK(next_of(request("GET"), status, "/x") == "GET https://a.example/x");
        CHECK(next_of(request("HEAD"), status, "/x") == "HEAD https://a.example/x");
    }
    for (const int status : {200, 300, 304, 305, 306, 404}) CHECK(next_of(request("GET"), status, "/x").empty());
}

TEST_CASE("another method is sent again after 307 and 308 only, and becomes GET after 303 only") {
    for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
        for (const int status : {307, 308}) {
            const RedirectStep after = step(request(method, "body"), status, "/x");
            REQUIRE(after.next);
            CHECK(after.next->method() == method);
            CHECK(after.next->body == "body");
            CHECK_FALSE(after.was_executed);
        }
        CHECK(next_of(request(method, "body"), 302, "/x") ==
              "302 does not say whether the " + method + " was executed: send it to the new URL");
        CHECK(next_of(request(method, "body"), 303, "/x") == "GET https://a.example/x");
    }
}

TEST_CASE("after 303 the request was executed, unless it is safe to repeat") {
    CHECK(step(request("POST"), 303, "/x").was_executed);
    CHECK_FALSE(step(request("PUT"), 303, "/x").was_executed);
    CHECK_FALSE(step(request("GET"), 303, "/x").was_executed);
    CHECK_FALSE(step(request("POST"), 307, "/x").was_executed);
}

TEST_CASE("the request after a 303 has no body, and no fields about one") {
    Request sent = request("POST", "body");
    sent.headers = {{"Content-Type", "text/plain"}, {"Idempotency-Key", "k"}, {"Authorization", "a"}, {"X-Mine", "m"}};
    const RedirectStep after = step(sent, 303, "/x");
    REQUIRE(after.next);
    CHECK(after.next->body.empty());
    CHECK(after.next->headers.size() == 2);
    CHECK(after.next->headers.get("Authorization") == "a");
    CHECK(after.next->headers.get("X-Mine") == "m");
}

TEST_CASE("nothing that may be a credential leaves its origin") {
    for (const char* elsewhere : {"https://b.example/", "https://a.example:8443/", "https://www.a.example/"}) {
        Request sent = request("GET");
        sent.headers = {{"Authorization", "a"}, {"Cookie", "c"},       {"Proxy-Authorization", "p"},
                        {"X-Api-Key", "k"},     {"X-Auth-Token", "t"}, {"PRIVATE-TOKEN", "t"},
                        {"X-Anything", "x"},    {"Host", "h"},         {"Accept", "text/plain"},
                        {"Range", "bytes=0-1"}};
        const Headers defaults{{"X-Default-Key", "d"}, {"User-Agent", "me"}, {"Accept", "text/html"}};
        const RedirectStep after = Redirects().after(sent, answer(302, {elsewhere}), defaults);
        REQUIRE(after.next);
        CHECK(after.leaves_origin);
        CHECK(after.next->without_default_headers);
        std::string names;
        for (const Header field : after.next->headers) names.append(field.name).append("=").append(field.value) += ' ';
        CHECK(names == "Accept=text/plain Range=bytes=0-1 User-Agent=me ");
    }
    Request sent = request("GET");
    sent.headers = {{"Authorization", "a"}};
    const RedirectStep within = step(sent, 302, "https://A.example:443/x");
    CHECK_FALSE(within.leaves_origin);
    CHECK(within.next->headers.get("Authorization") == "a");
}

TEST_CASE("a body does not leave its origin") {
    const std::string why = "it leads to another origin, https://b.example, where a body and its ";
    CHECK(next_of(request("POST", "body"), 307, "https://b.example/") == why + "POST are not sent");
    CHECK(next_of(request("DELETE"), 308, "https://b.example/") == why + "DELETE are not sent");
    CHECK(next_of(request("GET", "body"), 302, "https://b.example/") == why + "GET are not sent");
    CHECK(next_of(request("POST", "body"), 303, "https://b.example/") == "GET https://b.example/");
}

TEST_CASE("https does not become http unless that is permitted") {
    CHECK(next_of(request("GET"), 302, "http://a.example/") == "it leads from https to http (--redirect-to-http)");
    CHECK(next_of(request("GET"), 302, "http://a.example/", {.to_http = true}) == "GET http://a.example/");
    CHECK(next_of(Request("GET", "http://a.example/"), 301, "https://a.example/") == "GET https://a.example/");
}

TEST_CASE("a location is relative to the URL that was sent, and is escaped as browsers do") {
    CHECK(next_of(request("GET"), 302, "next") == "GET https://a.example/dir/next");
    CHECK(next_of(request("GET"), 302, "../up?x=1") == "GET https://a.example/up?x=1");
    CHECK(next_of(request("GET"), 302, "?q=2") == "GET https://a.example/dir/page?q=2");
    CHECK(next_of(request("GET"), 302, "//b.example") == "GET https://b.example/");
    CHECK(next_of(request("GET"), 302, "/a b\xc3\xa9|#end") == "GET https://a.example/a%20b%C3%A9%7C");
}

TEST_CASE("a redirect without a usable location is an answer") {
    CHECK(Redirects().after(request("GET"), answer(302, {})).why_not == "it has no Location");
    CHECK(Redirects().after(request("GET"), answer(302, {"/a", "/b"})).why_not == "it has several Locations");
    CHECK(Redirects().after(request("GET"), answer(302, {"/a", "/a"})).next);
    for (const char* location : {"", "ftp://a.example/", "javascript:alert(1)", "https://me:secret@b.example/",
                                 "http://", "/%zz", "https://a.example:99999/", "file:///etc/passwd"}) {
        const std::string why = next_of(request("GET"), 302, location);
        CHECK(why.starts_with("its Location can't be used: URL '"));
        CHECK(why.find("secret") == std::string::npos);
    }
}

TEST_CASE("a circle is not followed, unless a cookie was set on the way") {
    CHECK(next_of(request("GET"), 302, "/dir/page?q=1") == "it leads in a circle");
    CHECK(next_of(request("GET"), 302, "#part") == "it leads in a circle");
    Redirects redirects;
    RedirectStep there = redirects.after(request("GET"), answer(302, {"/there"}));
    REQUIRE(there.next);
    CHECK(redirects.after(*there.next, answer(302, {home.text()})).why_not == "it leads in a circle");
    Response with_cookie = answer(302, {home.text()});
    with_cookie.headers.add("Set-Cookie", "a=b");
    CHECK(redirects.after(*there.next, with_cookie).next);
    CHECK(Redirects().after(request("GET"), with_cookie).next);
    CHECK(next_of(request("POST"), 303, "/dir/page?q=1") == "GET " + home.text());  // another method is no circle
}

TEST_CASE("redirects have a limit, and with 0 they are answers") {
    Redirects redirects({.most = 2});
    Request sent = request("GET");
    for (const char* location : {"/1", "/2"}) sent = *redirects.after(sent, answer(302, {location})).next;
    CHECK(redirects.after(sent, answer(302, {"/3"})).why_not ==
          "2 redirects were followed before it (--max-redirects)");
    CHECK(redirects.followed() == 2);
    const RedirectStep none = step(request("GET"), 302, "/x", {.most = 0});
    CHECK_FALSE(none.next);
    CHECK(none.why_not.empty());
}

TEST_CASE("a location without a fragment inherits the one of the URL that was sent") {
    const Request sent("GET", "https://a.example/page#part");
    CHECK(step(sent, 302, "/new").next->url.text_with_fragment() == "https://a.example/new#part");
    CHECK(step(sent, 302, "/new#other").next->url.text_with_fragment() == "https://a.example/new#other");
    CHECK(step(sent, 302, "/new#").next->url.text_with_fragment() == "https://a.example/new");
    CHECK(step(sent, 303, "https://b.example/").next->url.text_with_fragment() == "https://b.example/#part");
}

TEST_CASE("from https to http no credentials come along, and none are added from then on") {
    Redirects redirects({.to_http = true});
    RedirectStep down = redirects.after(request("GET"), answer(302, {"http://a.example/"}));
    REQUIRE(down.next);
    CHECK(down.next->without_credentials);
    CHECK(redirects.after(*down.next, answer(302, {"https://b.example/"})).next->without_credentials);
    CHECK_FALSE(step(request("GET"), 302, "https://b.example/").next->without_credentials);
}
