#include "plait/http/cookies/cookie.hpp"

#include "plait/http/cookies/internal/cookie_date.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;

namespace {

const WallTime now(1'700'000'000s);  // 14 November 2023

const Url https("https://www.example.com/dir/page?q=/x");
const Url http_url("http://www.example.com/dir/page");

/// "name=value; domain[, and below]; path[; secure][; http-only][; seconds]" of a cookie, or "ignored".
std::string parse(std::string_view field, const Url& url = https) {
    const auto cookie = parse_set_cookie(field, url, now);
    if (!cookie) return "ignored";
    std::string text = cookie->name + "=" + cookie->value + "; " + (cookie->host_only ? "" : ".") + cookie->domain +
                       "; " + cookie->path;
    if (cookie->secure) text += "; secure";
    if (cookie->http_only) text += "; http-only";
    if (cookie->expires)
        text += "; " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*cookie->expires - now).count());
    return text;
}

}  // namespace

TEST_CASE("a cookie is for its host and the folder of its path") {
    CHECK(parse("sid=31d4d96e407aad42") == "sid=31d4d96e407aad42; www.example.com; /dir");
    CHECK(parse(" a = b c ; HttpOnly; secure ;x=y") == "a=b c; www.example.com; /dir; secure; http-only");
    CHECK(parse("a=\"q\"; Path=/") == "a=\"q\"; www.example.com; /");
    CHECK(parse("a=b=c;;") == "a=b=c; www.example.com; /dir");
    CHECK(parse("a=b; Path=relative") == "a=b; www.example.com; /dir");
    CHECK(parse("a=b; Path=/x; Path=/y") == "a=b; www.example.com; /y");
    CHECK(parse("a=b", Url("https://h.example/")) == "a=b; h.example; /");
    CHECK(parse("a=b", Url("https://h.example/x")) == "a=b; h.example; /");
}

TEST_CASE("a name or a value may be empty, but not both") {
    CHECK(parse("value") == "=value; www.example.com; /dir");
    CHECK(parse("=value") == "=value; www.example.com; /dir");
    CHECK(parse("name=") == "name=; www.example.com; /dir");
    for (const char* field : {"", "=", " = ; Path=/", ";a=b", "a=\tb\x01", "a=b\tc"}) CHECK(parse(field) == "ignored");
    CHECK(parse("a=" + std::string(4095, 'x')) != "ignored");
    CHECK(parse("a=" + std::string(4096, 'x')) == "ignored");
    CHECK(parse("a=b; Path=/" + std::string(1024, 'x')) == "a=b; www.example.com; /dir");
}

TEST_CASE("a domain is that of the host or above it, and no public suffix") {
    CHECK(parse("a=b; Domain=example.com") == "a=b; .example.com; /dir");
    CHECK(parse("a=b; domain=.EXAMPLE.com") == "a=b; .example.com; /dir");
    CHECK(parse("a=b; Domain=www.example.com") == "a=b; .www.example.com; /dir");
    CHECK(parse("a=b; Domain=") == "a=b; www.example.com; /dir");
    for (const char* domain : {"com", ".com", "other.example", "ample.com", "x.www.example.com", "example.com."})
        CHECK(parse(std::string("a=b; Domain=") + domain) == "ignored");
    CHECK(parse("a=b; Domain=co.uk", Url("https://www.shop.co.uk/")) == "ignored");
    CHECK(parse("a=b; Domain=github.io", Url("https://me.github.io/")) == "ignored");
    CHECK(parse("a=b; Domain=github.io", Url("https://github.io/")) == "a=b; github.io; /");
    CHECK(parse("a=b", Url("https://.h.example/")) == "ignored");
    CHECK(parse("a=b; Domain=localhost", Url("https://localhost/")) == "a=b; localhost; /");
}

TEST_CASE("an address has cookies for itself only") {
    CHECK(parse("a=b; Domain=127.0.0.1", Url("http://127.0.0.1/")) == "a=b; 127.0.0.1; /");
    CHECK(parse("a=b; Domain=0.0.1", Url("http://127.0.0.1/")) == "ignored");
    CHECK(parse("a=b", Url("http://[::1]/")) == "a=b; ::1; /");
    CHECK_FALSE(domain_matches("127.0.0.1", "0.0.1"));
}

TEST_CASE("a secure cookie comes over https, and prefixes keep their promises") {
    CHECK(parse("a=b; Secure", http_url) == "ignored");
    CHECK(parse("__Secure-a=b; Secure") != "ignored");
    CHECK(parse("__Secure-a=b") == "ignored");
    CHECK(parse("__secure-a=b") == "ignored");
    CHECK(parse("__Host-a=b; Secure; Path=/") != "ignored");
    for (const char* field :
         {"__Host-a=b; Path=/", "__Host-a=b; Secure", "__Host-a=b; Secure; Path=/dir",
          "__Host-a=b; Secure; Path=/; Domain=example.com", "__HOST-a=b", "=__Host-a=b; Secure; Path=/", "__Secure-x"})
        CHECK(parse(field) == "ignored");
}

TEST_CASE("a cookie lives as its age or its date says, and at most 400 days") {
    CHECK(parse("a=b; Max-Age=60") == "a=b; www.example.com; /dir; 60");
    CHECK(parse("a=b; Max-Age=60; Expires=Wed, 15 Nov 2023 00:00:00 GMT") == "a=b; www.example.com; /dir; 60");
    CHECK(parse("a=b; Expires=Tue, 14 Nov 2023 22:13:30 GMT") == "a=b; www.example.com; /dir; 10");
    const std::string longest = std::to_string(400 * 24 * 3600);
    for (const char* life :
         {"Max-Age=99999999999999999999", "Max-Age=900000000", "Expires=Fri, 31 Dec 9999 23:59:59 GMT"})
        CHECK(parse(std::string("a=b; ") + life) == "a=b; www.example.com; /dir; " + longest);
    for (const char* life :
         {"Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Mon, 01 Jan 1601 00:00:00 GMT"})
        CHECK(parse(std::string("a=b; ") + life) == "a=b; www.example.com; /dir; -1700000000");
    for (const char* life : {"Max-Age=", "Max-Age=x", "Max-Age=+5", "Expires=soon"})
        CHECK(parse(std::string("a=b; ") + life) == "a=b; www.example.com; /dir");
}

TEST_CASE("dates of cookies are read in any order") {
    using internal::parse_cookie_date;
    constexpr std::int64_t time = 784'111'777;
    for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994", "1994 6 November 8:49:37", "08:49:37 06 nov 1994 whatever"})
        CHECK(parse_cookie_date(date) == time);
    for (const char* date :
         {"", "Sun, 06 Nov 1994", "06 Nov 1994 24:00:00", "06 Nov 1994 08:60:00", "31 Feb 1994 08:49:37",
          "06 Nov 1600 08:49:37", "06 Nov 19945 08:49:37", "06 Nov 1994 08:49:377"})
        CHECK_FALSE(parse_cookie_date(date));
    CHECK(parse_cookie_date("01 Jan 69 00:00:00") == 3'124'224'000);
    CHECK(parse_cookie_date("01 Jan 70 00:00:00") == 0);
}

TEST_CASE("a path covers what is below it") {
    CHECK(path_matches("/dir/page?x", "/dir"));
    CHECK(path_matches("/dir?x", "/dir"));
    CHECK(path_matches("/dir/", "/dir/"));
    CHECK(path_matches("/", "/"));
    CHECK_FALSE(path_matches("/directory", "/dir"));
    CHECK_FALSE(path_matches("/", "/dir"));
    CHECK_FALSE(path_matches("/x?/dir", "/dir"));
}
