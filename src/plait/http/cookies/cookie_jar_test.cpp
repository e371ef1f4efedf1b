#include "plait/http/cookies/cookie_jar.hpp"

#include "plait/base/error.hpp"
#include "plait/http/cookies/cookie_text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;

namespace {

class Calendar final : public WallClock {
  public:
    WallTime now() const override { return time; }
    WallTime time{1'700'000'000s};
};

struct Case {
    Calendar calendar;
    CookieJar jar{calendar};

    void set(std::string_view url, std::string_view field) {
        Headers answer;
        answer.add("set-cookie", field);
        jar.store(Url(url), answer);
    }
    std::string sent_to(std::string_view url) { return jar.header_for(Url(url)); }
};

}  // namespace

TEST_CASE("cookies are sent to their host, path and scheme only") {
    Case test;
    test.set("https://www.example.com/dir/x", "a=host");
    test.set("https://www.example.com/dir/x", "b=below; Domain=example.com; Path=/");
    test.set("https://www.example.com/dir/x", "c=secure; Secure; Path=/");
    CHECK(test.sent_to("https://www.example.com/dir/y") == "a=host; b=below; c=secure");
    CHECK(test.sent_to("http://www.example.com:8080/dir/y") == "a=host; b=below");
    CHECK(test.sent_to("https://www.example.com/other") == "b=below; c=secure");
    CHECK(test.sent_to("https://api.example.com/dir/y") == "b=below");
    CHECK(test.sent_to("https://example.com/") == "b=below");
    CHECK(test.sent_to("https://notexample.com/") == "");
    CHECK(test.sent_to("https://com/") == "");
}

TEST_CASE("longer paths come first, then older cookies, and a changed one keeps its place") {
    Case test;
    test.set("http://h.example/", "a=1; Path=/");
    test.set("http://h.example/", "b=1; Path=/");
    test.set("http://h.example/", "c=1; Path=/long");
    test.set("http://h.example/", "a=2; Path=/");
    test.set("http://h.example/", "=nameless; Path=/");
    CHECK(test.sent_to("http://h.example/long") == "c=1; a=2; b=1; nameless");
}

TEST_CASE("cookies expire by the calendar, and an expired one ends the one before") {
    Case test;
    test.set("http://h.example/", "a=1; Max-Age=60");
    test.set("http://h.example/", "b=1");
    CHECK(test.sent_to("http://h.example/") == "a=1; b=1");
    test.calendar.time += 60s;
    CHECK(test.sent_to("http://h.example/") == "b=1");
    test.set("http://h.example/", "b=; Max-Age=0");
    CHECK(test.sent_to("http://h.example/") == "");
    CHECK(test.jar.all().empty());
}

TEST_CASE("an answer over http does not replace a secure cookie") {
    Case test;
    test.set("https://www.example.com/", "sid=good; Secure; Domain=example.com; Path=/");
    for (const char* field :
         {"sid=evil; Path=/", "sid=evil; Domain=example.com; Path=/login", "sid=evil; Path=/; Max-Age=0"})
        test.set("http://www.example.com/", field);
    CHECK(test.sent_to("https://www.example.com/login") == "sid=good");
    test.set("http://www.example.com/", "other=fine");
    test.set("https://www.example.com/", "sid=new; Domain=example.com; Path=/");
    CHECK(test.sent_to("http://www.example.com/") == "sid=new; other=fine");
}

TEST_CASE("the number of cookies is bounded, and the ones that were not used for longest go") {
    Case test;
    for (std::size_t n = 0; n < CookieJar::most_per_domain; ++n)
        test.set("http://h.example/", "c" + std::to_string(n) + "=1");
    test.sent_to("http://h.example/");
    test.set("http://h.example/", "one=more");
    CHECK(test.jar.all().size() == CookieJar::most_per_domain);
    for (std::size_t n = 0; n < 2 * CookieJar::most_cookies; ++n)
        test.set("http://h" + std::to_string(n) + ".example/", "a=1");
    CHECK(test.jar.all().size() == CookieJar::most_cookies);
    CHECK(test.sent_to("http://h0.example/") == "");
    CHECK(test.sent_to("http://h5999.example/") == "a=1");
}

TEST_CASE("the field of a request is bounded") {
    Case test;
    for (const char* name : {"a", "b", "c"}) test.set("http://h.example/", name + ("=" + std::string(4000, 'x')));
    CHECK(test.sent_to("http://h.example/").size() == 2 * 4002 + 2);
}

TEST_CASE("a jar comes out of its text as it went in") {
    Case test;
    test.set("https://www.example.com/dir/x", "a=1; Secure; HttpOnly; Max-Age=60");
    test.set("https://www.example.com/dir/x", "b=; Domain=example.com; Path=/");
    const std::string text = to_netscape(test.jar);
    CHECK(text.find(".example.com\tTRUE\t/\tFALSE\t0\tb\t\n") != std::string::npos);
    CHECK(text.find("#HttpOnly_www.example.com\tFALSE\t/dir\tTRUE\t1700000060\ta\t1\n") != std::string::npos);
    CookieJar again(test.calendar);
    read_netscape(text, again);
    CHECK(to_netscape(again) == text);
    test.calendar.time += 60s;
    CookieJar later(test.calendar);
    read_netscape(text, later);
    CHECK(later.all().size() == 1);
}

TEST_CASE("the text may be that of curl, Python or a browser") {
    Calendar calendar;
    CookieJar jar(calendar);
    read_netscape(
        "# Netscape HTTP Cookie File\r\n# https://curl.se/docs/http-cookies.html\r\n\r\n"
        ".example.com\tTRUE\t/\tFALSE\t0\tname\tvalue\r\n"
        "h.example\tFALSE\t/\tfalse\t1800000000\tempty",
        jar);
    CHECK(jar.header_for(Url("http://www.example.com/")) == "name=value");
    CHECK(jar.header_for(Url("http://h.example/")) == "empty=");
}

TEST_CASE("a line that is no cookie is named, without its content") {
    for (const char* line :
         {"secret", "a\tb\tc", "h\tTRUE\t/\tFALSE\tsoon\tn\tsecret", "h\tYES\t/\tFALSE\t0\tn\tsecret",
          "h\tTRUE\t/\tFALSE\t0\tn\tsecret\tmore", "\tTRUE\t/\tFALSE\t0\tn\tsecret"}) {
        CookieJar jar;
        CHECK_THROWS_WITH_AS(read_netscape(std::string("\n# x\n") + line, jar),
                             doctest::Contains("line 3 is no cookie"), Error);
    }
}

TEST_CASE("a text can't put cookies on a public suffix") {
    CookieJar jar;
    read_netscape(".com\tTRUE\t/\tFALSE\t0\tname\tvalue\n", jar);
    CHECK(jar.all().empty());
}
