#include "plait/http/message/date.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;

namespace {

constexpr WallTime example{784111777s};  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr WallTime today{1795471200s};   // 2026-11-23T22:00:00Z

}  // namespace

TEST_CASE("a year of two digits is less than fifty years ahead") {
    CHECK(parse_date("Monday, 23-Nov-26 22:00:00 GMT", today)->time == today);
    CHECK(parse_date("Monday, 23-Nov-75 22:00:00 GMT", today)->time > today);
    CHECK(parse_date("Monday, 23-Nov-76 22:00:00 GMT", today)->time < today);
}

TEST_CASE("internet dates have fractions of a second and offsets") {
    CHECK(parse_internet_date("1994-11-06T08:49:37Z") == example);
    CHECK(parse_internet_date("1994-11-06t08:49:37z") == example);
    CHECK(parse_internet_date("1994-11-06T08:49:37.5Z") == example + 500ms);
    CHECK(parse_internet_date("1994-11-06T08:49:37.1234567891234Z") == example + 123456789ns);
    CHECK(parse_internet_date("1994-11-06T10:49:37+02:00") == example);
    CHECK(parse_internet_date("1994-11-06T03:19:37-05:30") == example);
    for (const char* text :
         {"", "1994", "1994-11-06", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z", "1994-11-06T08:49:37.Z",
          "1994-11-06T08:49:37+2:00", "1994-11-06T08:49:37Z and more", "-994-11-06T08:49:37Z"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_internet_date(text));
    }
}

TEST_CASE("dates in the forms of HTTP, and nearly so, are understood") {
    for (const char* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 10:49:37 +0200",
          "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 UTC 1994", "1994-11-06T08:49:37Z",
          "1994-11-06 08:49:37 UTC", "1994-11-06 08:49:37 +0000", "1994-11-06T03:49:37-05:00",
          "Sun Nov 06 1994 08:49:37 GMT+0000 (Coordinated Universal Time)",
          "Sun Nov 06 1994 09:49:37 GMT+0100 (Central European Standard Time)"}) {
        CAPTURE(text);
        const auto date = parse_date(text, today);
        REQUIRE(date);
        CHECK(date->time == example);
        CHECK(date->grain == 1s);
        CHECK(date->has_zone);
    }
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37", "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994",
                             "1994-11-06 08:49:37", "1994-11-06T08:49:37", "Sun, 06 Nov 1994 08:49:37 CET"}) {
        CAPTURE(text);
        const auto date = parse_date(text, today);
        REQUIRE(date);
        CHECK(date->time == example);
        CHECK_FALSE(date->has_zone);
    }
    CHECK(parse_date("1994-11-06T08:49:37.250Z", today)->time == example + 250ms);
    CHECK(parse_date("1994-11-06T08:49:37.250Z", today)->grain == 1ms);
    CHECK(parse_date("1994-11-06 08:49", today)->time == example - 37s);
    CHECK(parse_date("1994-11-06 08:49", today)->grain == 60s);
}

TEST_CASE("text that is not a date gives nothing") {
    for (const char* text :
         {"", "Sun", "Sun,", "soon", "1994", "1994-11-06", "Sun, 31 Feb 1994 08:49:37 GMT", "S", "Sun, 06 Nov 1994",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
          "Sun, 06 Nov 9999 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT", "784111777",
          "1994-11-06T08:49:37Z and more", "08:49:37", "12", "1994-11-06T08:49:37+"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_date(text, today));
    }
}
