#include "plait/cli/flags/values.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::cli;
using namespace std::chrono_literals;

TEST_CASE("a number of bytes may have a unit, a power of 1024") {
    CHECK(parse_bytes("65536") == 65536);
    CHECK(parse_bytes("64k") == 65536);
    CHECK(parse_bytes("101M") == 101u * 1024 * 1024);
    CHECK(parse_bytes("2G") == 2ull * 1024 * 1024 * 1024);
    CHECK(parse_bytes("0", 0) == 0);
    for (std::string text : {"", "k", "0", "-1", "1.5M", "1K", "1kB", "1 k", "99999999999T", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_bytes(text), Error);
    }
}

TEST_CASE("a share above 1 is in percent") {
    CHECK(parse_share("20%", 10) == doctest::Approx(0.2));
    CHECK(parse_share("0.2", 10) == doctest::Approx(0.2));
    CHECK(parse_share("0", 10) == 0.0);
    CHECK(parse_share("1", 10) == 1.0);
    CHECK(parse_share("1000%", 10) == doctest::Approx(10));
    for (std::string text : {"", "%", "1.1", "20", "1001%", "-1", "-1%", "20 %", "20%%", "inf", "nan", "nan%", "x"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_share(text, 10));
    }
}

TEST_CASE("a duration without a unit is in seconds") {
    CHECK(parse_duration("90ms") == 90ms);
    CHECK(parse_duration("2s") == 2s);
    CHECK(parse_duration("1.5m") == 90s);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("250us") == 250us);
    CHECK(parse_duration("0.05") == 50ms);
    CHECK(parse_duration("0") == 0s);
}

TEST_CASE("durations and numbers of bytes are written as flags take them") {
    for (const char* text : {"90ms", "2s", "90s", "15m", "1h"}) CHECK(to_flag_value(parse_duration(text)) == text);
    for (const char* text : {"0", "1000", "64k", "100M", "2G", "3T"})
        CHECK(to_flag_value(parse_bytes(text, 0)) == text);
}

TEST_CASE("malformed durations are refused") {
    for (std::string text : {"", "soon", "ms", "-1s", "1 s", "1d", "8760h", "inf", "nan", "1e300s", "90msx"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_duration(text), Error);
    }
}

TEST_CASE("a range of durations has two ends, or one") {
    CHECK(parse_duration_range("90ms") == std::pair<Duration, Duration>(90ms, 90ms));
    CHECK(parse_duration_range("50ms..0.2s") == std::pair<Duration, Duration>(50ms, 200ms));
    for (std::string text : {"..", "1s..", "..1s", "2s..1s", "1s..2s..3s", "1s-2s"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_duration_range(text), Error);
    }
}

TEST_CASE("a count is a whole number within its bounds") {
    CHECK(parse_count("1", 1, 10) == 1);
    CHECK(parse_count("10", 1, 10) == 10);
    for (std::string text : {"", "0", "11", "-1", "+1", "1.0", "1k", " 1", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_count(text, 1, 10), Error);
    }
}

TEST_CASE("a header is a name, a colon and a value, which no message shows") {
    CHECK(parse_header("X-One: 1: 2") == std::pair<std::string, std::string>("X-One", "1: 2"));
    CHECK(parse_header("X-One:") == std::pair<std::string, std::string>("X-One", ""));
    try {
        parse_header("s3cret");
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
    }
}
